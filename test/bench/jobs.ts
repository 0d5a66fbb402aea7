import { closeSync, openSync, writeSync } from 'node:fs'
import { randomFrom, record } from './corpus.ts'
import type { PeerProcess } from './peer-process.ts'
import { machineCpuSeconds } from './process.ts'
import { Rig, type Task } from './rig.ts'
import type { SinkCheck } from './sink-process.ts'
import type { Latency } from './tally.ts'

interface Outcome {
  readonly peer: string
  readonly round: number
  /** Every record arrived, and the peer lives. When not, the other figures say little. */
  readonly isComplete: boolean
  /** What the peer printed last; only when it is not complete. */
  readonly lastWords?: string
}

interface Delivery extends Outcome {
  readonly lost: number
  readonly duplicates: number
  /** Those of them that came under an Idempotency-Key the sink had seen. */
  readonly toldDuplicates: number
  /** Bodies that could not be decoded. */
  readonly unreadable: number
}

export interface Throughput extends Delivery {
  readonly job: 'throughput'
  readonly lines: number
  /** User and system, of all its processes, from its start until everything had arrived. */
  readonly cpuSeconds: number
  readonly wallSeconds: number
  readonly peakRssBytes: number
  readonly writtenBytes: number
  readonly wireBytes: number
  readonly requests: number
  /** CPU that the machine spent meanwhile on what is not the bench: noise. */
  readonly otherCpuSeconds: number
}

export interface Steady extends Delivery {
  readonly job: 'steady'
  /** Of one core. */
  readonly cpuRatio: number
  readonly rssBytes: number
  readonly peakRssBytes: number
  readonly requests: number
  readonly latency?: Latency
}

export interface Idle extends Outcome {
  readonly job: 'idle'
  /** Of one core. */
  readonly cpuRatio: number
  readonly rssBytes: number
  readonly startCpuSeconds: number
}

export interface Crash extends Delivery {
  readonly job: 'crash'
  readonly deliveredAtKill: number
}

export type Result = Throughput | Steady | Idle | Crash

/** A file that is there already, from its beginning to its end. */
export async function throughput(task: Task, { input, lines }: { input: string; lines: number }): Promise<Throughput> {
  await using rig = await Rig.start(task, { records: lines, input })
  const before = { machine: machineCpuSeconds(), bench: process.cpuUsage() }
  const isComplete = await rig.settle(lines)
  const usage = rig.peer.usage()
  const machine = machineCpuSeconds() - before.machine
  const check = await rig.sink.check()
  const bench = process.cpuUsage(before.bench)
  return {
    job: 'throughput',
    ...outcome(task, rig.peer, isComplete),
    ...books(check),
    lines,
    cpuSeconds: usage.cpuSeconds,
    wallSeconds: Math.max(0, check.lastMs - rig.peer.startedMs) / 1000,
    peakRssBytes: usage.peakRssBytes,
    writtenBytes: usage.writtenBytes,
    wireBytes: check.wireBytes,
    requests: check.requests,
    otherCpuSeconds: Math.max(0, machine - usage.cpuSeconds - check.cpuSeconds - (bench.user + bench.system) / 1e6),
  }
}

/** Time a peer gets to start before it is watched at leisure. */
const START_MS = 5000

/** Lines that come one by one, `perSecond`, each with the time it was written. */
export async function steady(
  task: Task,
  { perSecond, seconds }: { perSecond: number; seconds: number },
): Promise<Steady> {
  const records = perSecond * seconds
  await using rig = await Rig.start(task, { records })
  await rig.sleep(START_MS)
  const before = rig.peer.usage()
  const beganMs = performance.now()
  await writeSteadily(rig, { records, perSecond })
  const tookSeconds = (performance.now() - beganMs) / 1000
  const after = rig.peer.usage()
  const isComplete = await rig.settle(records)
  const check = await rig.sink.check()
  return {
    job: 'steady',
    ...outcome(task, rig.peer, isComplete),
    ...books(check),
    cpuRatio: (after.cpuSeconds - before.cpuSeconds) / tookSeconds,
    rssBytes: after.rssBytes,
    peakRssBytes: rig.peer.usage().peakRssBytes,
    requests: check.requests,
    ...(check.latency && { latency: check.latency }),
  }
}

async function writeSteadily(rig: Rig, { records, perSecond }: { records: number; perSecond: number }): Promise<void> {
  const { input, format } = rig.place
  const random = randomFrom(7)
  const file = openSync(input, 'a')
  const beganMs = performance.now()
  let written = 0
  while (written < records) {
    const due = Math.min(records, Math.floor(((performance.now() - beganMs) / 1000) * perSecond) + 1)
    let text = ''
    for (; written < due; written++) text += `${record(format, written, { random, writtenMs: Date.now() })}\n`
    if (text !== '') writeSync(file, text)
    await rig.sleep(5)
  }
  closeSync(file)
}

/** Nothing happens. */
export async function idle(task: Task, { seconds }: { seconds: number }): Promise<Idle> {
  await using rig = await Rig.start(task, { records: 0 })
  await rig.sleep(START_MS)
  const before = rig.peer.usage()
  const beganMs = performance.now()
  await rig.sleep(seconds * 1000)
  const after = rig.peer.usage()
  return {
    job: 'idle',
    ...outcome(task, rig.peer, !rig.peer.hasEnded),
    cpuRatio: (after.cpuSeconds - before.cpuSeconds) / ((performance.now() - beganMs) / 1000),
    rssBytes: after.rssBytes,
    startCpuSeconds: before.cpuSeconds,
  }
}

/** The share of the records after which the peer is killed, or the time, for one that does not get there. */
const KILL_RATIO = 0.3
const KILL_MS = 120_000

/** SIGKILL in the middle of the work, and a second start. */
export async function crash(task: Task, { input, lines }: { input: string; lines: number }): Promise<Crash> {
  await using rig = await Rig.start(task, { records: lines, input })
  const isDue = async (): Promise<boolean> =>
    rig.peer.hasEnded ||
    Date.now() - rig.peer.startedMs > KILL_MS ||
    (await rig.sink.check()).distinct >= lines * KILL_RATIO
  while (!(await isDue())) await rig.sleep(50)
  await rig.peer.kill('SIGKILL')
  const { distinct } = await rig.sink.check()
  const peer = rig.startAgain()
  const isComplete = await rig.settle(lines, peer)
  const check = await rig.sink.check()
  return { job: 'crash', ...outcome(task, peer, isComplete), ...books(check), deliveredAtKill: distinct }
}

function outcome({ peer, round }: Task, process: PeerProcess, isComplete: boolean): Outcome {
  return { peer: peer.name, round, isComplete, ...(!isComplete && { lastWords: process.lastWords() }) }
}

function books({ lost, duplicates, toldDuplicates, unreadable }: SinkCheck): Omit<Delivery, keyof Outcome> {
  return { lost, duplicates, toldDuplicates, unreadable }
}
