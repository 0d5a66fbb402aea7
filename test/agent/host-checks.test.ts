import t from 'tap'
import { type HostUsage, hostChecks } from '../../src/agent/host-checks.ts'
import { probeCheck } from '../../src/agent/probe-checks.ts'
import { agentSchema } from '../../src/config/schema.ts'
import type { ProbeResult } from '../../src/model/probe-result.ts'
import type { ProbeStatusReport } from '../../src/probes/probe-seat.ts'

const NOW_MS = Date.UTC(2026, 0, 2)
const CONFIG = agentSchema.parse({ host: { memory: { critical: false } } }).host
const usage = (about: Partial<HostUsage>): HostUsage => ({
  ...{ sampledMs: NOW_MS - 1000, disks: [], stuck: [], memoryUsedRatio: undefined },
  ...about,
})
const disk = (usedRatio: number, isReadOnly = false) => ({ disks: [{ mountpoint: '/', usedRatio, isReadOnly }] })

t.test('disks and memory are judged by their thresholds, and what is old says so', async (t) => {
  const cases: [about: Partial<HostUsage>, checks: object[]][] = [
    [{}, []],
    [{ sampledMs: undefined, memoryUsedRatio: 0.99 }, []],
    [disk(0.8), [{ name: 'disk:/', status: 'healthy', message: '80 % in use', isCritical: true }]],
    [disk(0.801), [{ name: 'disk:/', status: 'degraded', message: '80.1 % in use, more than 80 %' }]],
    [disk(0.85), [{ status: 'degraded' }]],
    [disk(0.8501), [{ status: 'unhealthy', message: '85 % in use, more than 85 %', error: /85 %/ }]],
    [disk(1, true), []],
    [{ memoryUsedRatio: 0.9 }, [{ name: 'memory', status: 'degraded', isCritical: false }]],
    [{ memoryUsedRatio: 0.95 }, [{ name: 'memory', status: 'unhealthy', isCritical: false }]],
    [
      { stuck: [{ mountpoint: '/mnt/nfs', reason: 'mountpoint timeout' }] },
      [{ name: 'disk:/mnt/nfs', status: 'degraded', message: 'cannot be measured: mountpoint timeout' }],
    ],
    [
      { ...disk(0.5), sampledMs: NOW_MS - 46_000 },
      [{ status: 'degraded', message: '50 % in use; stale: last checked 46 s ago, expected every 15 s' }],
    ],
    [{ ...disk(0.5), sampledMs: NOW_MS - 45_000 }, [{ status: 'healthy' }]],
  ]
  for (const [about, checks] of cases) {
    const found = hostChecks(usage(about), CONFIG, NOW_MS)
    t.equal(found.length, checks.length, JSON.stringify(about))
    t.match(found, checks, JSON.stringify(about))
  }
})

const result = (status: ProbeResult['status'], message: string, agoMs = 1000): ProbeResult => ({
  ...{ atMs: NOW_MS - agoMs, status, message, seconds: 0.25 },
})
const report = (about: Partial<ProbeStatusReport>): ProbeStatusReport => ({
  ...{ name: 'database', type: 'postgres', target: 'db:5432', status: 'healthy', sinceMs: NOW_MS - 9000 },
  ...{
    isCritical: true,
    intervalMs: 15_000,
    timeoutMs: 5000,
    failures: 0,
    failureThreshold: 3,
    successes: 1,
    successThreshold: 2,
  },
  results: [result('healthy', 'answered')],
  ...about,
})

t.test('a probe is a check that tells what its thresholds wait for', async (t) => {
  const cases: [about: Partial<ProbeStatusReport>, check: object][] = [
    [{}, { name: 'database', status: 'healthy', message: 'answered', response_time: 0.25, error: undefined }],
    [
      { status: 'pending', results: [] },
      { status: 'degraded', message: 'no result yet', response_time: undefined },
    ],
    [
      { failures: 1, results: [result('unhealthy', 'refused')] },
      { status: 'healthy', message: 'refused; failed 1 of 3 times in a row', error: 'refused' },
    ],
    [
      { status: 'unhealthy', failures: 3, results: [result('unhealthy', 'refused')] },
      { status: 'unhealthy', message: 'refused', error: 'refused' },
    ],
    [
      { status: 'unhealthy', successes: 1 },
      { status: 'unhealthy', message: 'answered; succeeded 1 of 2 times in a row' },
    ],
    [
      { status: 'unknown', results: [result('unknown', 'this host is offline')] },
      { status: 'degraded', message: 'unknown: this host is offline' },
    ],
    [
      { results: [result('healthy', 'answered', 60_000)] },
      { status: 'degraded', message: /^answered; stale: last checked 60 s ago, expected every 15 s$/ },
    ],
    [{ isCritical: false }, { isCritical: false }],
  ]
  for (const [about, check] of cases) t.match(probeCheck(report(about), NOW_MS), check, JSON.stringify(about))
})
