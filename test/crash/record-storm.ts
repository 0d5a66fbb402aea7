import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { AgentProcess } from './agent-process.ts'
import { Audit } from './audit.ts'
import { Collector } from './collector.ts'
import { Random } from './random.ts'
import { DockerLog, RecordOracle, recordIdOf, SlowJavaLog } from './records.ts'
import { momentOfDeath } from './storm.ts'

export interface RecordStormReport {
  /** Empty: every record came once and whole. */
  readonly violations: readonly string[]
  readonly kills: number
  readonly records: number
  readonly rotations: number
  readonly repeatedKeys: number
}

const PATIENCE_MS = 40_000

/**
 * Records of several lines are written slowly, line by line, to files that are renamed in the middle of one, and by both streams
 * of a container; the agent is killed again and again. The books are checked at every death.
 */
export async function recordStorm({
  build,
  seed,
  kills,
}: {
  build: string
  seed: number
  kills: number
}): Promise<RecordStormReport> {
  const random = new Random(seed)
  const folder = mkdtempSync(join(tmpdir(), 'obs-agent-records-'))
  const logs = join(folder, 'logs')
  mkdirSync(logs)
  const oracle = new RecordOracle()
  const collector = new Collector(random.fork(), recordIdOf)
  const fork = (): { oracle: RecordOracle; random: Random } => ({ oracle, random: random.fork() })
  const slow = ['java-a', 'java-b', 'named-c'].map((name) => new SlowJavaLog(logs, name, fork()))
  const writers = [...slow, new DockerLog(logs, 'box', fork())]
  const configPath = join(folder, 'agent.yaml')
  writeFileSync(configPath, configOf(await collector.listen()))
  const audit = new Audit(join(folder, 'data'), join(folder, 'audit'), { oracle, collector })

  const writing = new AbortController()
  const written = Promise.all(writers.map((writer) => writer.run(writing.signal)))
  const violations: string[] = []
  let killed = 0
  const check = (complaints: string[]): boolean => {
    violations.push(...complaints, ...audit.check(), ...collector.violations)
    return violations.length === 0
  }
  try {
    // Files are seen once before they are renamed: what comes and goes under an unknown name is nobody's.
    const first = new AgentProcess(build, configPath)
    const isKnown = await collector.until(
      () => slow.every(({ books }) => collector.taken.has(`${books.name}#0`)),
      PATIENCE_MS,
    )
    if (!isKnown) violations.push('collector: not every log came through')
    let isFine = check(await first.stop())
    for (const log of slow) log.isRotating = true
    collector.isFaulty = true
    while (isFine && killed < kills) {
      if (random.chance(0.5)) await sleep(random.integer(20, 300))
      const agent = new AgentProcess(build, configPath)
      await momentOfDeath(agent, { collector, random })
      const isKill = random.chance(0.9)
      if (isKill) killed++
      isFine = check(isKill ? await agent.kill() : await agent.stop())
    }
    if (isFine) {
      writing.abort()
      await written
      collector.isFaulty = false
      const last = new AgentProcess(build, configPath)
      const isAll = collector.until(() => collector.taken.size >= oracle.written, PATIENCE_MS)
      const isDone = await Promise.race([isAll, last.exited.then(() => false)])
      check(await last.stop())
      violations.push(...oracle.missing().map((text) => `store: ${text}`))
      if (!isDone) violations.push(`collector: took ${collector.taken.size} of ${oracle.written} records`)
    }
    const rotations = slow.reduce((sum, log) => sum + log.rotations, 0)
    return { violations, kills: killed, records: oracle.written, rotations, repeatedKeys: collector.repeatedKeys }
  } finally {
    writing.abort()
    await written
    collector.close()
    if (violations.length > 0 && process.env.KEEP) process.stderr.write(`kept: ${folder}\n`)
    else rmSync(folder, { recursive: true })
  }
}

/** No writer pauses as long as records are waited for, however slow the machine. */
function configOf(url: string): string {
  const source = (name: string, glob: string, rest: string): string =>
    `  ${name}: { include: ['logs/${glob}'], multiline: { timeout: 6s }, rotate_wait: 3s${rest} }\n`
  return `data_dir: ./data
api: { listen: '127.0.0.1:0' }
buffer: { max_bytes: 1GiB, max_age: 7d, min_free: 1MiB, chunk_bytes: 8KiB, chunk_wait: 30ms }
drain: 200ms
sources:
${source('found', 'java-*.log', '')}${source('named', 'named-*.log', ', parse: java')}${source('boxes', '*-json.log', '')}outputs:
  central: { type: http, url: '${url}', in_flight: 3, timeout: 300ms, retry_min: 5ms, retry_max: 50ms }
`
}
