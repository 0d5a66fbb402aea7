import { readFile, writeFile } from 'node:fs/promises'
import t from 'tap'
import { Buckets } from '../src/metrics/buckets.ts'
import { acceptedFormat, renderMetrics } from '../src/metrics/exposition.ts'
import type { LogCounts, ServiceCounts } from '../src/metrics/log-series.ts'
import { createMetrics, type Metrics } from '../src/metrics.ts'
import { DROP_REASONS } from '../src/store/ledger.ts'
import { problemsOf } from './api/exposition-checker.ts'

const fresh = (): Metrics => createMetrics({ version: '1.2.3', node: '26.10.0' })
const linesOf = async (metrics: Metrics, pattern: RegExp): Promise<string[]> =>
  (await metrics.render('prometheus')).split('\n').filter((line) => pattern.test(line))

t.test('a series that can be known is 0 before anything happens', async (t) => {
  const metrics = fresh()
  metrics.addSource('app')
  metrics.addOutput('central')
  for (const reason of DROP_REASONS) {
    const line = `obs_agent_entries_dropped_total{source="app",reason="${reason}"} 0`
    t.strictSame(await linesOf(metrics, new RegExp(`dropped_total.*"${reason}"`)).then((l) => l[0]), line)
  }
  for (const line of [
    'obs_agent_build_info{version="1.2.3",node="26.10.0"} 1',
    'obs_agent_buffer_corruptions_total 0',
    'obs_agent_source_files{source="app",state="permission_denied"} 0',
    'obs_agent_ledger_imbalance{kind="source",name="app"} 0',
    'obs_agent_ledger_entries{kind="output",name="central",account="expired"} 0',
    'obs_agent_forward_circuit_state{output="central",state="half_open"} 0',
    'obs_agent_forward_latency_seconds_bucket{le="+Inf",output="central"} 0',
    'obs_agent_buffer_commit_seconds_count 0',
  ]) {
    t.ok((await metrics.render('prometheus')).split('\n').includes(line), line)
  }
})

t.test('a source that is added twice keeps its numbers', async (t) => {
  const metrics = fresh()
  metrics.addSource('app')
  metrics.addOutput('central')
  metrics.sourceLines.inc({ source: 'app' }, 7)
  metrics.sourceLagBytes.set({ source: 'app' }, 9)
  metrics.forwardLatency.observe({ output: 'central' }, 0.1)
  metrics.addSource('app')
  metrics.addOutput('central')
  t.strictSame(await linesOf(metrics, /source_lines_total\{|lag_bytes\{|latency_seconds_count/), [
    'obs_agent_source_lines_total{source="app"} 7',
    'obs_agent_source_lag_bytes{source="app"} 9',
    'obs_agent_forward_latency_seconds_count{output="central"} 1',
  ])
})

t.test('a source that is removed leaves no series behind, and its neighbours their own', async (t) => {
  const metrics = fresh()
  for (const name of ['app', 'web']) metrics.addSource(name)
  metrics.addOutput('app')
  metrics.sourceLines.inc({ source: 'web' }, 3)
  await metrics.removeSource('app')
  t.strictSame(await linesOf(metrics, /source="app"|kind="source",name="app"/), [])
  t.strictSame(await linesOf(metrics, /source_lines_total\{/), ['obs_agent_source_lines_total{source="web"} 3'])
  t.not((await linesOf(metrics, /output="app"/)).length, 0)
  metrics.forwardLatency.mirror({ output: 'app' }, { counts: [1], sum: 1 })
  await metrics.removeOutput('app')
  t.strictSame(await linesOf(metrics, /"app"/), [])
})

t.test('a total kept elsewhere is taken over, up or down', async (t) => {
  const metrics = fresh()
  for (const total of [5, 12, 2]) metrics.sourceLines.mirror({ source: 'app' }, total)
  t.strictSame(await linesOf(metrics, /source_lines_total\{/), ['obs_agent_source_lines_total{source="app"} 2'])
  for (const wrong of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
    t.throws(() => metrics.sourceLines.mirror({ source: 'app' }, wrong), /not a total/)
  }
  t.equal((await linesOf(metrics, /source_lines_total\{/)).length, 1)
})

t.test('a histogram kept elsewhere is taken over whole', async (t) => {
  const metrics = fresh()
  const buckets = new Buckets([0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5])
  for (const seconds of [0.0005, 0.0006, 0.2, 9]) buckets.observe(seconds)
  metrics.bufferCommitSeconds.mirror({}, buckets.totals())
  metrics.bufferCommitSeconds.mirror({}, buckets.totals())
  const lines = await linesOf(metrics, /^obs_agent_buffer_commit_seconds/)
  t.match(lines[0], 'le="0.0005"} 1')
  t.match(lines[1], 'le="0.001"} 2')
  t.match(lines[8], 'le="0.25"} 3')
  t.match(lines[11], 'le="+Inf"} 4')
  t.strictSame(lines.slice(12), [
    'obs_agent_buffer_commit_seconds_sum 9.2011',
    'obs_agent_buffer_commit_seconds_count 4',
  ])
  t.strictSame(problemsOf(await metrics.render('openmetrics'), 'openmetrics'), [])
})

t.test('a state is 1 for itself and 0 for the others', async (t) => {
  const metrics = fresh()
  for (const output of ['a', 'b']) metrics.addOutput(output)
  metrics.forwardCircuit.select({ output: 'a', state: 'open' })
  metrics.forwardCircuit.select({ output: 'b', state: 'closed' })
  metrics.forwardCircuit.select({ output: 'a', state: 'half_open' })
  t.strictSame((await linesOf(metrics, /circuit_state\{.* 1$/)).sort(), [
    'obs_agent_forward_circuit_state{output="a",state="half_open"} 1',
    'obs_agent_forward_circuit_state{output="b",state="closed"} 1',
  ])
})

t.test('a fact told in labels replaces the one before', async (t) => {
  const metrics = fresh()
  metrics.configInfo.tell({ hash: 'one' })
  metrics.configInfo.tell({ hash: 'two' })
  t.strictSame(await linesOf(metrics, /config_info\{/), ['obs_agent_config_info{hash="two"} 1'])
})

t.test('an update that throws is counted and spoils no other', async (t) => {
  const metrics = fresh()
  metrics.onCollect(() => {
    throw new Error('no snapshot')
  })
  metrics.onCollect(() => metrics.bufferBytes.set({}, 42))
  t.strictSame(await linesOf(metrics, /^(obs_agent_buffer_bytes|errors_total\{)/), [
    'errors_total{error_type="collect",service="metrics"} 1',
    'obs_agent_buffer_bytes 42',
  ])
})

const counts = (services: Record<string, ServiceCounts>, source = 'app'): LogCounts => ({
  sources: { [source]: { services } },
})

t.test('log series are counted by service, level and source', async (t) => {
  const metrics = fresh()
  metrics.logSeries.count(counts({ checkout: { levels: [0, 5, 1, 0, 0] } }))
  metrics.logSeries.count(counts({ checkout: { levels: [0, 1, 0, 2, 0] } }))
  t.strictSame(await linesOf(metrics, /^log_entries_total\{/), [
    'log_entries_total{service="checkout",level="DEBUG",source="app"} 0',
    'log_entries_total{service="checkout",level="INFO",source="app"} 6',
    'log_entries_total{service="checkout",level="WARNING",source="app"} 1',
    'log_entries_total{service="checkout",level="ERROR",source="app"} 2',
    'log_entries_total{service="checkout",level="CRITICAL",source="app"} 0',
  ])
})

t.test('log series stay bounded and well formed whatever the services are called', async (t) => {
  const metrics = fresh()
  const hostile = [
    '__proto__',
    'constructor',
    '',
    'a"b\\c\nd',
    '\ud800',
    '\udc00',
    'x'.repeat(1e6),
    'a,level:ERROR',
    '}\n# EOF',
  ]
  for (const name of hostile)
    metrics.logSeries.count(counts(JSON.parse(`{${JSON.stringify(name)}: {"levels": [1,1,1,1,1]}}`)))
  for (let i = 0; i < 2000; i++) metrics.logSeries.count(counts({ [`service-${i}`]: { levels: [0, 1, 0, 0, 0] } }))
  const lines = await linesOf(metrics, /^log_entries_total\{/)
  t.equal(lines.length, 201 * 5)
  t.ok(lines.every((line) => line.length < 1000))
  // The two lone surrogates are one name.
  const counted = 2000 + hostile.length * 5
  t.equal(
    lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0),
    counted,
  )
  for (const format of ['prometheus', 'openmetrics'] as const) {
    // As the bytes a scraper gets: a lone surrogate has none of its own.
    const onTheWire = Buffer.from(await metrics.render(format)).toString()
    t.strictSame(problemsOf(onTheWire, format), [])
  }
  t.equal(({} as { levels?: unknown }).levels, undefined)
})

t.test('both formats are well formed, and one does not change the other', async (t) => {
  const metrics = fresh()
  metrics.addSource('app')
  metrics.addOutput('central')
  metrics.responseTime.observe({ service: 'api', endpoint: '/health' }, 0.1)
  const before = await linesOf(metrics, /^# TYPE/)
  t.strictSame(problemsOf(await metrics.render('openmetrics'), 'openmetrics'), [])
  t.strictSame(problemsOf(await metrics.render('prometheus'), 'prometheus'), [])
  t.strictSame(await linesOf(metrics, /^# TYPE/), before)
})

t.test('numbers that are none are written as the formats want them', (t) => {
  const samples = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e21].map((value, index) => ({
    name: 'x',
    labels: { i: index },
    value,
  }))
  const text = renderMetrics([{ name: 'x', type: 'gauge', help: 'a\\b\n"c"', samples }], 'prometheus')
  t.equal(text, '# HELP x a\\\\b\\n"c"\n# TYPE x gauge\nx{i="0"} NaN\nx{i="1"} +Inf\nx{i="2"} -Inf\nx{i="3"} 1e+21\n')
  t.end()
})

t.test('a metric keeps the conventions of its kind', (t) => {
  for (const { name, type, help } of fresh().families()) {
    t.equal(type === 'counter', name.endsWith('_total'), `${name}: _total is for counters`)
    t.notMatch(name, /_(ms|milliseconds|kb|mb|percent)(_|$)/, `${name}: base units`)
    t.ok(help.length > 10, `${name}: help`)
  }
  t.end()
})

t.test('the process is described, without a timer of 10 ms', async (t) => {
  const names = fresh()
    .families()
    .map(({ name }) => name)
  for (const name of [
    'process_cpu_seconds_total',
    'process_resident_memory_bytes',
    'process_open_fds',
    'nodejs_eventloop_lag_seconds',
  ]) {
    t.ok(names.includes(name), name)
  }
  t.notOk(names.includes('nodejs_eventloop_lag_p99_seconds'), 'which the sampler would have to feed')
})

t.test('Accept decides the format', (t) => {
  const prometheus3 =
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2'
  for (const [accept, format] of [
    [undefined, 'prometheus'],
    ['*/*', 'prometheus'],
    ['text/html,application/xhtml+xml,*/*;q=0.8', 'prometheus'],
    ['application/openmetrics-text; version=1.0.0; charset=utf-8', 'openmetrics'],
    [prometheus3, 'openmetrics'],
    ['text/plain;version=0.0.4;q=1,application/openmetrics-text;q=0.5', 'prometheus'],
    ['application/openmetrics-text;q=0', 'prometheus'],
    ['application/openmetrics-text;q=abc', 'prometheus'],
    [',;,;;q=,'.repeat(1000), 'prometheus'],
  ] as const) {
    t.equal(acceptedFormat(accept), format, String(accept).slice(0, 60))
  }
  t.end()
})

const begin = '<!-- metrics -->'
const end = '<!-- /metrics -->'

function readmeTable(metrics: Metrics): string {
  const rows = metrics.families().map(({ name, type, labels, help }) => {
    const cells = [`\`${name}\``, type, labels.map((label) => `\`${label}\``).join(' '), help]
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  })
  return ['| name | type | labels | meaning |', '|---|---|---|---|', ...rows].join('\n')
}

t.test('the table in README.md is the registry', async (t) => {
  const path = new URL('../README.md', import.meta.url)
  const readme = await readFile(path, 'utf8').catch(() => '')
  const [before, after] = [readme.indexOf(begin), readme.indexOf(end)]
  if (before === -1 || after === -1) {
    t.pass('the table is in README.md', { skip: `README.md has no ${begin} … ${end} yet` })
    return
  }
  const table = `\n${readmeTable(fresh())}\n`
  if (process.env.UPDATE_GOLDEN)
    await writeFile(path, readme.slice(0, before + begin.length) + table + readme.slice(after))
  else t.equal(readme.slice(before + begin.length, after), table, 'renew it with UPDATE_GOLDEN=1')
})
