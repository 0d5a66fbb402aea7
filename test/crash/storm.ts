import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { AgentProcess } from './agent-process.ts'
import { Audit } from './audit.ts'
import { Collector } from './collector.ts'
import { Oracle, parseLine } from './oracle.ts'
import { Random } from './random.ts'
import { RotatingLog, SCHEMES, type Scheme } from './rotating-log.ts'

export interface StormOptions {
  /** Folder of the build to run. */
  readonly build: string
  readonly seed: number
  readonly kills: number
  readonly schemes?: readonly Scheme[]
}

export interface StormReport {
  /** Empty: the agent kept its promises. */
  readonly violations: readonly string[]
  readonly kills: number
  readonly lines: number
  readonly rotations: number
  readonly requests: number
  readonly repeatedKeys: number
}

/** Chances of a rotation after a few lines: several in the time between two lives. */
const WATCHED = 0.06
const UNWATCHED = 0.5
/** A life long enough for everything that waits: never reached by an agent that does its work. */
const PATIENCE_MS = 30_000

/**
 * Writers write and rotate, a collector has its moods, and the agent is killed again and again, at random moments: while it
 * starts, right after, and under load. The books are checked at every death; the storm ends at the first that do not balance.
 */
export async function storm({ build, seed, kills, schemes = SCHEMES }: StormOptions): Promise<StormReport> {
  const random = new Random(seed)
  const folder = mkdtempSync(join(tmpdir(), 'obs-agent-storm-'))
  const oracle = new Oracle()
  const collector = new Collector(random.fork(), ({ message }) => parseLine(message)?.id)
  const logFolder = join(folder, 'logs')
  mkdirSync(logFolder)
  const logs = schemes.map((scheme) => new RotatingLog(logFolder, scheme, { oracle, random: random.fork() }))
  const configPath = join(folder, 'agent.yaml')
  writeFileSync(configPath, configOf(schemes, await collector.listen()))
  const audit = new Audit(join(folder, 'data'), join(folder, 'audit'), { oracle, collector })
  const start = (): AgentProcess => new AgentProcess(build, configPath)

  const writing = new AbortController()
  const written = Promise.all(logs.map((log) => log.run(writing.signal)))
  const violations: string[] = []
  let killed = 0
  const check = (complaints: string[]): boolean => {
    violations.push(...complaints, ...audit.check(), ...collector.violations)
    return violations.length === 0
  }
  try {
    // Files that come and go before the agent ever knew their names are nobody's: each log is seen once before it is rotated.
    let isFine = true
    while (isFine && !hasAll(collector, logs)) {
      const first = start()
      const isKnown = collector.until(() => hasAll(collector, logs), PATIENCE_MS)
      const hasLived = await Promise.race([isKnown, first.exited.then(() => true)])
      if (!hasLived) violations.push('collector: not every log came through')
      isFine = check(await first.stop())
    }
    for (const log of logs) log.rotationChance = WATCHED
    collector.isFaulty = true

    while (isFine && killed < kills) {
      await pauseBetweenLives(logs, random)
      const agent = start()
      await momentOfDeath(agent, { collector, random })
      const isKill = random.chance(0.93)
      if (isKill) killed++
      isFine = check(isKill ? await agent.kill() : await agent.stop())
    }

    if (isFine) {
      writing.abort()
      await written
      collector.isFaulty = false
      const last = start()
      const isAll = collector.until(() => collector.taken.size >= oracle.written, PATIENCE_MS)
      const isDone = await Promise.race([isAll, last.exited.then(() => false)])
      check(await last.stop())
      violations.push(...oracle.missing().map((text) => `store: ${text}`))
      if (!isDone) violations.push(`collector: took ${collector.taken.size} of ${oracle.written} lines`)
    }
    return {
      violations,
      kills: killed,
      lines: oracle.written,
      rotations: logs.reduce((sum, log) => sum + log.rotations, 0),
      requests: collector.requests,
      repeatedKeys: collector.repeatedKeys,
    }
  } finally {
    writing.abort()
    await written
    collector.close()
    if (violations.length > 0 && process.env.KEEP) process.stderr.write(`kept: ${folder}\n`)
    else rmSync(folder, { recursive: true })
  }
}

function hasAll(collector: Collector, logs: readonly RotatingLog[]): boolean {
  return logs.every(({ scheme }) => collector.taken.has(`${scheme.name}.0#0`))
}

async function pauseBetweenLives(logs: readonly RotatingLog[], random: Random): Promise<void> {
  if (random.chance(0.5)) return
  for (const log of logs) log.rotationChance = UNWATCHED
  await sleep(random.integer(20, 300))
  for (const log of logs) log.rotationChance = WATCHED
}

/** While it starts, right after, or while it works. */
export async function momentOfDeath(
  agent: AgentProcess,
  { collector, random }: { collector: Collector; random: Random },
): Promise<void> {
  const moment = random.weighted([
    [25, 'starting'],
    [25, 'started'],
    [50, 'working'],
  ] as const)
  if (moment === 'starting') return void (await Promise.race([agent.started(), sleep(random.integer(100, 700))]))
  await agent.started()
  if (moment === 'started') return sleep(random.integer(0, 60))
  const { requests } = collector
  await Promise.race([collector.until(() => collector.requests > requests, PATIENCE_MS), agent.exited])
  await sleep(random.integer(0, 600))
}

/** Small chunks and short waits, so that there is much to die in. */
function configOf(schemes: readonly Scheme[], url: string): string {
  return `data_dir: ./data
api: { listen: '127.0.0.1:0' }
buffer: { max_bytes: 1GiB, max_age: 7d, min_free: 1MiB, chunk_bytes: 8KiB, chunk_wait: 30ms }
drain: 200ms
sources:
${schemes.map(sourceOf).join('')}outputs:
  central: { type: http, url: '${url}', in_flight: 3, timeout: 300ms, retry_min: 5ms, retry_max: 50ms }
`
}

function sourceOf({ name, glob }: Scheme): string {
  return `  ${name}: { include: ['logs/${name}/${glob}'], rotate_wait: 2s }\n`
}
