import { z } from 'zod'
import { count, duration, flag, mark, name, text } from '../settings.ts'

/** What every probe has, whatever its kind. Spread `SCHEDULE` into the kind's object, and `schedule(s)` into what it decodes to. */

/** https://prometheus.io/docs/concepts/data_model/: names beginning with __ are the system's; these two are the probe's own. */
const labelName = () =>
  mark(z.string().regex(/^(?!__|job$|instance$)[a-zA-Z_][a-zA-Z0-9_]{0,62}$/), {
    expected: 'the name of a label: letters, digits and _, not job or instance',
  })

export const SCHEDULE = {
  interval: duration({ min: '1s', max: '1d' }).prefault('15s').describe('From one run to the next.'),
  timeout: duration({ min: '10ms', max: '5m' })
    .prefault('5s')
    .describe('Longest that a run may take; then it has failed.'),
  failure_threshold: count(1, 100).prefault(3).describe('So many failed runs in a row make it unhealthy …'),
  success_threshold: count(1, 100).prefault(2).describe('… and so many good ones make it healthy again.'),
  critical: flag().prefault(true).describe('Unhealthy, it makes the host unhealthy; otherwise only degraded.'),
  depends_on: z
    .array(name())
    .prefault([])
    .describe('Probes without which this one can tell nothing: while one of them is unhealthy, it is not run.'),
  job: text().optional().describe('Label job of its metrics; default: the name of the probe.'),
  labels: z.record(labelName(), text()).prefault({}).describe('Further labels of its metrics.'),
}

interface ScheduleSettings {
  readonly interval: number
  readonly timeout: number
  readonly failure_threshold: number
  readonly success_threshold: number
  readonly critical: boolean
  readonly depends_on: string[]
  readonly job?: string | undefined
  readonly labels: Record<string, string>
}

export interface ProbeSchedule {
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly failureThreshold: number
  readonly successThreshold: number
  readonly isCritical: boolean
  readonly dependsOn: readonly string[]
  readonly job?: string
  readonly labels: Readonly<Record<string, string>>
}

export function schedule(s: ScheduleSettings): ProbeSchedule {
  return {
    intervalMs: s.interval,
    timeoutMs: s.timeout,
    failureThreshold: s.failure_threshold,
    successThreshold: s.success_threshold,
    isCritical: s.critical,
    dependsOn: s.depends_on,
    ...(s.job !== undefined && { job: s.job }),
    labels: s.labels,
  }
}
