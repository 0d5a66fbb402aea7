import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { agentSchema } from '../../src/config/schema.ts'
import { hostCollectors } from '../../src/host/collectors.ts'
import { HostSampler } from '../../src/host/sampler.ts'
import { renderMetrics } from '../../src/metrics/exposition.ts'
import { systemClock } from '../../src/run/clock.ts'
import type { Log } from '../../src/run/log.ts'

/** What a sample of the host costs, beside node_exporter asked for the same. */

export interface HostRate {
  readonly job: 'host'
  readonly name: string
  readonly samples: number
  /** CPU milliseconds of one round, one figure for each batch of rounds. */
  readonly cpuMs: readonly number[]
}

const BATCHES = 7
const ROUNDS = 50
const EXPORTER = '/usr/bin/prometheus-node-exporter'
/** USER_HZ of every Linux the agent runs on (getconf CLK_TCK). */
const TICKS_PER_SECOND = 100

const SILENT: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, child: () => SILENT }

/** Batches in turns, after one of each to warm up. */
export async function hostRates(signal: AbortSignal): Promise<HostRate[]> {
  const contenders = [await sampler(signal), ...(existsSync(EXPORTER) ? [await exporter(signal)] : [])]
  const rates = contenders.map(({ name }) => ({ job: 'host' as const, name, samples: 0, cpuMs: [] as number[] }))
  try {
    for (let batch = 0; batch <= BATCHES; batch++) {
      for (const [index, contender] of contenders.entries()) {
        const before = contender.cpuMs()
        for (let round = 0; round < ROUNDS; round++) await contender.sample()
        const cpuMs = (contender.cpuMs() - before) / ROUNDS
        if (batch > 0) rates[index]?.cpuMs.push(cpuMs)
      }
    }
    return await Promise.all(
      rates.map(async (rate, index) => ({ ...rate, samples: samplesIn((await contenders[index]?.text()) ?? '') })),
    )
  } finally {
    for (const contender of contenders) contender.end()
  }
}

interface Contender {
  readonly name: string
  readonly sample: () => Promise<unknown>
  readonly cpuMs: () => number
  readonly text: () => Promise<string>
  readonly end: () => void
}

async function sampler(signal: AbortSignal): Promise<Contender> {
  const { host } = agentSchema.parse({})
  const deps = { platform: process.platform, clock: systemClock, log: SILENT, isTaken: () => false }
  const one = new HostSampler(
    { intervalMs: host.intervalMs, job: host.job, instance: 'bench' },
    { clock: systemClock, log: SILENT, collectors: hostCollectors(host, deps) },
  )
  await one.sampleOnce(signal)
  return {
    name: 'agent: a round of all collectors',
    sample: () => one.sampleOnce(signal),
    cpuMs: () => {
      const { user, system } = process.cpuUsage()
      return (user + system) / 1000
    },
    text: async () => renderMetrics(one.families(), 'prometheus'),
    end: () => {},
  }
}

/** The same subjects: those it has and the agent has not are left out. */
async function exporter(signal: AbortSignal): Promise<Contender> {
  const port = await freePort()
  const without = ['arp', 'btrfs', 'fibrechannel', 'infiniband', 'ipvs', 'nfs', 'nfsd', 'nvme', 'powersupplyclass']
  const more = ['rapl', 'selinux', 'tapestats', 'udp_queues', 'xfs', 'zfs', 'bcache']
  const args = [...without, ...more].map((name) => `--no-collector.${name}`)
  const child = spawn(EXPORTER, [`--web.listen-address=127.0.0.1:${port}`, ...args], { stdio: 'ignore', signal })
  child.on('error', () => {})
  const ask = async (): Promise<string> => (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  await answered(ask, signal)
  return {
    name: 'node_exporter: a scrape, HTTP and text included',
    sample: ask,
    cpuMs: () => cpuMsOf(child),
    text: ask,
    end: () => child.kill(),
  }
}

async function answered(ask: () => Promise<string>, signal: AbortSignal): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    signal.throwIfAborted()
    try {
      await ask()
      return
    } catch {
      await systemClock.sleep(50, signal)
    }
  }
  throw new Error('Cannot measure node_exporter: it does not answer')
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

/** proc_pid_stat(5): fields 14 and 15, counted after the name in brackets. */
function cpuMsOf({ pid }: ChildProcess): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND
}

const samplesIn = (text: string): number => text.split('\n').filter((line) => /^node_/.test(line)).length
