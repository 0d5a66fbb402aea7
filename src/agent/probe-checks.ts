import type { HealthStatus, JudgedCheck } from '../model/health.ts'
import type { ProbeStatusReport } from '../probes/probe-seat.ts'
import { staleness } from './host-checks.ts'

/** A probe as a check of /health. What is unknown is degraded there: HealthStatus has no word for it, and it is no good news. */
export function probeCheck(report: ProbeStatusReport, nowMs: number): JudgedCheck {
  const { name, isCritical, results, intervalMs, timeoutMs, sinceMs } = report
  const last = results.at(-1)
  // The deadline of a run counts too: a probe that hangs is not stale before its time is over.
  const stale = staleness({ lastMs: last?.atMs ?? sinceMs, intervalMs, graceMs: timeoutMs, nowMs })
  const said = [last === undefined ? 'no result yet' : sentence(report), ...(stale === undefined ? [] : [stale])].join(
    '; ',
  )
  const status = stale === undefined ? healthOf(report) : worse(healthOf(report))
  return {
    name,
    status,
    message: said,
    ...(last && { response_time: last.seconds }),
    last_check: new Date(last?.atMs ?? sinceMs).toISOString(),
    ...((status !== 'healthy' || last?.status === 'unhealthy') && { error: last?.message ?? said }),
    isCritical,
  }
}

function healthOf({ status }: ProbeStatusReport): HealthStatus {
  return status === 'unknown' || status === 'pending' ? 'degraded' : status
}

const worse = (status: HealthStatus): HealthStatus => (status === 'healthy' ? 'degraded' : status)

function sentence({
  status,
  results,
  failures,
  failureThreshold,
  successes,
  successThreshold,
}: ProbeStatusReport): string {
  const last = results.at(-1)
  const message = last?.message ?? ''
  if (last?.status === 'unknown') return `unknown: ${message}`
  if (last?.status === 'unhealthy' && failures < failureThreshold) {
    return `${message}; failed ${failures} of ${failureThreshold} times in a row`
  }
  if (status === 'unhealthy' && last?.status !== 'unhealthy') {
    return `${message}; succeeded ${successes} of ${successThreshold} times in a row`
  }
  return message
}
