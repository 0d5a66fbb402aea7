import { lookupHost } from '../../../src/net/lookup.ts'
import type { NetworkDeps } from '../../../src/probes/network/dial.ts'
import { Phases } from '../../../src/probes/phases.ts'
import type { Finding, Probe } from '../../../src/probes/probe.ts'
import { systemClock } from '../../../src/run/clock.ts'

export const realDeps: NetworkDeps = { clock: systemClock, lookup: lookupHost }

/** Every name is at `address`. */
export const depsWith = (address: string): NetworkDeps => ({
  clock: systemClock,
  lookup: async () => [{ address, family: address.includes(':') ? 6 : 4 }],
})

export interface Ran {
  readonly finding: Finding
  readonly tookMs: number
}

/** One run that has `timeoutMs`, as the scheduler would do it. */
export async function runProbe(probe: Probe, timeoutMs = 5000): Promise<Ran> {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(new DOMException('deadline', 'TimeoutError')), timeoutMs)
  const begunMs = performance.now()
  try {
    const finding = await probe.run({ signal: controller.signal, phases: new Phases(systemClock) })
    return { finding, tookMs: performance.now() - begunMs }
  } finally {
    clearTimeout(timer)
  }
}

/** A run that is to end at its deadline has `shortMs`; any other has all the time that a busy machine may need. */
export function timeoutFor(message: RegExp, shortMs: number): number {
  return /while |within/.test(message.source) ? shortMs : 10_000
}

/** Value of a sample; undefined when there is none. */
export function sampleOf(finding: Finding, name: string, labels: Record<string, string> = {}): number | undefined {
  const samples = finding.families?.find((family) => family.name === name)?.samples ?? []
  return samples.find((sample) => Object.entries(labels).every(([key, value]) => sample.labels[key] === value))?.value
}

export function labelsOf(finding: Finding, name: string): Readonly<Record<string, string | number>> | undefined {
  return finding.families?.find((family) => family.name === name)?.samples[0]?.labels
}
