import { execFileSync } from 'node:child_process'
import { getActiveResourcesInfo } from 'node:process'
import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { type FamilySamples, renderMetrics } from '../../src/metrics/exposition.ts'
import { Phases } from '../../src/probes/phases.ts'
import type { Finding, Probe } from '../../src/probes/probe.ts'
import { systemClock } from '../../src/run/clock.ts'
import { missing } from '../systemd/missing.ts'

/** Longest that a probe may take to come back once its signal has aborted, on a busy machine. */
const RETURN_MS = 500

export const SECRET = 'canary-p4ss'

/** One run, as the scheduler makes it; holds every run to what all must keep: no secret, one line, back in time. */
export async function runProbe(
  probe: Probe,
  { timeoutMs = 20_000, signal }: { timeoutMs?: number; signal?: AbortSignal } = {},
): Promise<Finding> {
  const started = performance.now()
  const finding = await probe.run({ signal: signal ?? AbortSignal.timeout(timeoutMs), phases: new Phases(systemClock) })
  if (!signal && performance.now() - started > timeoutMs + RETURN_MS)
    t.fail(`came back ${performance.now() - started} ms after it began`)
  const shown = JSON.stringify([finding, probe.target, probe.remoteHost])
  for (const secret of [SECRET, Buffer.from(SECRET).toString('base64')]) {
    if (shown.includes(secret)) t.fail(`shows a secret: ${finding.message}`)
  }
  if (/\p{Cc}/u.test(finding.message) || finding.message.length > 512)
    t.fail(`is no line: ${JSON.stringify(finding.message)}`)
  return finding
}

export function sampleOf(finding: Finding, name: string, labels: Record<string, string> = {}): number | undefined {
  const family: FamilySamples | undefined = finding.families?.find((one) => one.name === name)
  return family?.samples.find((sample) =>
    Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
  )?.value
}

export const phasesOf = ({ families }: Finding): string[] =>
  families
    ?.find(({ name }) => name === 'probe_phase_duration_seconds')
    ?.samples.map(({ labels }) => String(labels.phase)) ?? []

/** Sockets, name look-ups and the like that keep the process alive, without timers of the runner. */
export const openHandles = (): string[] =>
  getActiveResourcesInfo().filter((name) => /TCP|Pipe|TLS|GetAddrInfo|Connect/.test(name))

/** What `look` finds as soon as it finds something. The loop of events turns in between: what is waited for may be in this process. */
export async function untilSome<T>(look: () => T | false | undefined | Promise<T | false | undefined>): Promise<T> {
  const started = performance.now()
  while (performance.now() - started < 30_000) {
    const found = await look()
    if (found) return found
    await setImmediate()
  }
  throw new Error('did not come about')
}

/** Names, types and units as Prometheus wants them, by its own checker; where that is not installed, nothing is held against them. */
export function lintsClean({ families = [] }: Finding): void {
  if (missing('promtool')) return
  execFileSync('promtool', ['check', 'metrics'], { input: renderMetrics(families, 'prometheus'), stdio: 'pipe' })
}
