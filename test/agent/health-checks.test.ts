import t from 'tap'
import { type HealthFacts, healthChecks } from '../../src/agent/health-checks.ts'
import { type OutputStatus, Tally } from '../../src/deliver/output-status.ts'
import type { IngestVitals, SourceVitals } from '../../src/ingest/messages.ts'
import { type HealthStatus, overallStatus } from '../../src/model/health.ts'
import { createSourceStats } from '../../src/tail/line-sink.ts'

const NOW_MS = Date.UTC(2026, 0, 2)
const MIB = 2 ** 20

const source: SourceVitals = {
  name: 'app',
  files: { live: 2, rotated: 1, parked: 0 },
  formats: { nginx: 2, java: 1 },
  lagBytes: 0,
  openFiles: 3,
  stats: createSourceStats(),
  lastReadMs: NOW_MS - 1500,
}
const vitals: IngestVitals = {
  atMs: NOW_MS,
  store: { kind: 'ok' },
  ...{ usedBytes: 5 * MIB, fileBytes: 6 * MIB, walBytes: 0, diskFreeBytes: 900 * MIB },
  ...{ commitSeconds: [], ledger: [], lookSeconds: 0.001 },
  sources: [source],
}
const output: OutputStatus = {
  name: 'central',
  ...{ waitingEntries: 0, waitingChunks: 0, oldestWaitingMs: 0, inFlight: 0 },
  ...{ circuit: 'closed', isOperatorFault: false },
  ...new Tally().snapshot(),
}
const healthy: HealthFacts = {
  ...{ nowMs: NOW_MS, vitals, outputs: [output], rssBytes: 150 * MIB },
  ...{ ingestFailure: undefined, stalledThreads: [], corruption: undefined, stateQuarantine: undefined },
  ...{ reloadProblem: undefined, imbalanced: [], misfits: new Map() },
  ...{ host: undefined, probes: [] },
}
const withSource = (about: Partial<SourceVitals>): Partial<HealthFacts> => ({
  vitals: { ...vitals, sources: [{ ...source, ...about }] },
})
const withOutput = (about: Partial<OutputStatus>): Partial<HealthFacts> => ({ outputs: [{ ...output, ...about }] })
const blocked = { kind: 'blocked', code: 'buffer_full', message: 'it is full', sinceMs: NOW_MS } as const

const table: readonly { facts: Partial<HealthFacts>; name: string; status: HealthStatus; says: RegExp }[] = [
  { facts: {}, name: 'store', status: 'healthy', says: /^5\.0 MiB in use, 900\.0 MiB free on the disk$/ },
  { facts: { vitals: undefined }, name: 'store', status: 'degraded', says: /^starting$/ },
  {
    facts: { vitals: { ...vitals, diskFreeBytes: Number.POSITIVE_INFINITY } },
    name: 'store',
    status: 'healthy',
    says: /unknown free/,
  },
  {
    facts: { vitals: { ...vitals, store: blocked } },
    name: 'store',
    status: 'unhealthy',
    says: /^reading is stopped \(buffer_full\): it is full; nothing is lost/,
  },
  {
    facts: { ingestFailure: 'Error: it broke\n    at somewhere.ts:1' },
    name: 'store',
    status: 'unhealthy',
    says: /^the ingest thread is not running: Error: it broke$/,
  },
  { facts: { imbalanced: ['app', 'web'] }, name: 'store', status: 'degraded', says: /does not balance for: app, web$/ },
  {
    facts: { corruption: { quarantine: '/q/buffer.db' } },
    name: 'store',
    status: 'degraded',
    says: /lies in \/q\/buffer\.db;/,
  },
  { facts: { stateQuarantine: '/q/state.db' }, name: 'store', status: 'degraded', says: /lies in \/q\/state\.db;/ },
  // What stops the work comes before what is over.
  {
    facts: { vitals: { ...vitals, store: blocked }, corruption: { quarantine: '/q' } },
    name: 'store',
    status: 'unhealthy',
    says: /reading is stopped/,
  },
  { facts: {}, name: 'agent', status: 'healthy', says: /^150\.0 MiB resident$/ },
  { facts: { rssBytes: 319 * MIB }, name: 'agent', status: 'healthy', says: /319/ },
  { facts: { rssBytes: 320 * MIB }, name: 'agent', status: 'degraded', says: /320/ },
  { facts: { rssBytes: 420 * MIB }, name: 'agent', status: 'unhealthy', says: /420/ },
  { facts: {}, name: 'source:app', status: 'healthy', says: /^3 files \(nginx 2, java 1\), last line 1\.5 s ago$/ },
  {
    facts: withSource({ lastReadMs: 0 }),
    name: 'source:app',
    status: 'healthy',
    says: /^3 files \(nginx 2, java 1\)$/,
  },
  {
    facts: withSource({ lastReadMs: NOW_MS + 5000 }),
    name: 'source:app',
    status: 'healthy',
    says: /last line 0\.0 s ago/,
  },
  { facts: withSource({ lagBytes: 10 * MIB }), name: 'source:app', status: 'healthy', says: /10\.0 MiB not read yet/ },
  { facts: withSource({ lagBytes: 65 * MIB }), name: 'source:app', status: 'degraded', says: /65\.0 MiB not read yet/ },
  {
    facts: withSource({ files: { live: 0, rotated: 0, parked: 0 } }),
    name: 'source:app',
    status: 'healthy',
    says: /^no file matches$/,
  },
  {
    facts: withSource({
      files: { live: 0, rotated: 0, parked: 0, permission_denied: 2, damaged: 1 },
      lastError: '/a: EACCES',
    }),
    name: 'source:app',
    status: 'degraded',
    says: /; 3 cannot be read: \/a: EACCES$/,
  },
  {
    facts: { misfits: new Map([['app', { records: 20, misfits: 11 }]]) },
    name: 'source:app',
    status: 'degraded',
    says: /last line 1\.5 s ago; 11 of the last 20 records do not fit: see parse_error in them$/,
  },
  {
    facts: { misfits: new Map([['web', { records: 20, misfits: 11 }]]) },
    name: 'source:app',
    status: 'healthy',
    says: /last line 1\.5 s ago$/,
  },
  {
    facts: withSource({ files: { live: 1, rotated: 0, parked: 0, copy: 4 } }),
    name: 'source:app',
    status: 'healthy',
    says: /^1 files/,
  },
  { facts: {}, name: 'output:central', status: 'healthy', says: /^nothing waits$/ },
  {
    facts: withOutput({
      waitingEntries: 7,
      oldestWaitingMs: 2000,
      circuit: 'open',
      lastAnswer: { atMs: NOW_MS - 1000, status: 503, text: 'busy' },
    }),
    name: 'output:central',
    status: 'degraded',
    says: /^7 entries wait, the oldest for 2\.0 s; last answer 1\.0 s ago: 503 busy$/,
  },
  { facts: withOutput({ circuit: 'half_open' }), name: 'output:central', status: 'degraded', says: /nothing waits/ },
  {
    facts: withOutput({ isOperatorFault: true }),
    name: 'output:central',
    status: 'unhealthy',
    says: /check its url, token and certificates$/,
  },
  {
    facts: { reloadProblem: 'agent.yaml:3:1 no' },
    name: 'config',
    status: 'degraded',
    says: /refused.*agent\.yaml:3:1 no$/,
  },
  {
    facts: { stalledThreads: ['main', 'ingest'] },
    name: 'threads',
    status: 'unhealthy',
    says: /no progress in: main, ingest$/,
  },
]

for (const { facts, name, status, says } of table) {
  t.test(`the check ${name} is ${status} and says ${says.source}`, async (t) => {
    const checks = healthChecks({ ...healthy, ...facts })
    const check = checks.find((one) => one.name === name)
    t.equal(check?.status, status)
    t.match(check?.message, says)
    t.equal(check?.last_check, '2026-01-02T00:00:00.000Z')
    t.equal(check?.error, status === 'healthy' ? undefined : check?.message)
    t.equal(new Set(checks.map((one) => one.name)).size, checks.length, 'names are there once')
  })
}

t.test('a healthy agent has a check for the store, itself, each source and each output', async (t) => {
  const checks = healthChecks(healthy)
  t.same(
    checks.map(({ name }) => name),
    ['store', 'agent', 'source:app', 'output:central'],
  )
  t.equal(overallStatus(checks), 'healthy')
})
