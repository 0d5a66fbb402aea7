import type { FamilySamples } from '../metrics/exposition.ts'
import { type HealthStatus, overallStatus } from '../model/health.ts'
import type { Finding } from './probe.ts'
import { plainText } from './words.ts'

/** One thing that was looked at, and what is thought of it. */
export interface Remark {
  readonly status: HealthStatus
  readonly text: string
}

export interface Levels {
  readonly degradedRatio: number
  readonly unhealthyRatio: number
}

/** `value` held against two levels; `text` says what was found, and the level that was passed is added. */
export function judged(ratio: number, levels: Levels, text: string): Remark {
  const { degradedRatio, unhealthyRatio } = levels
  if (ratio > unhealthyRatio) return { status: 'unhealthy', text: `${text}, expected at most ${level(unhealthyRatio)}` }
  if (ratio > degradedRatio) return { status: 'degraded', text: `${text}, expected at most ${level(degradedRatio)}` }
  return { status: 'healthy', text }
}

/** All remarks as one finding: as bad as the worst, and if there are bad ones, only these are told. */
export function findingOf(remarks: readonly Remark[], families: readonly FamilySamples[] = []): Finding {
  const bad = remarks.filter(({ status }) => status !== 'healthy')
  const told = bad.length > 0 ? bad : remarks
  return {
    status: overallStatus(remarks),
    message: plainText(told.map(({ text }) => text).join('; ')),
    families,
  }
}

function level(ratio: number): string {
  return `${Number((ratio * 100).toPrecision(6))}%`
}
