import { execFile } from 'node:child_process'
import { chmod, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { createTextfileCollector } from '../../src/host/collectors/textfile.ts'
import { renderMetrics } from '../../src/metrics/exposition.ts'
import { collected, only, type Values } from './samples.ts'

const never = new AbortController().signal
const isTaken = (name: string) => name.startsWith('obs_agent_') || name === 'node_load1'

/** What the collector makes of the files, and of which it complains. */
async function read(folder: string): Promise<{ values: Values; problems: Record<string, string> }> {
  const problems: Record<string, string> = {}
  const onProblem = (file: string, reason: string) => {
    problems[file.slice(folder.length + 1)] = reason
  }
  const values = await collected(createTextfileCollector({ folder, isTaken }, { onProblem }))
  return { values, problems }
}

const error = ({ values }: { values: Values }) => values.node_textfile_scrape_error

t.test('files of a folder are shown, with the time they were written', async (t) => {
  const folder = t.testdir({
    'a.prom': '# HELP apt_upgrades Packages to upgrade.\n# TYPE apt_upgrades gauge\napt_upgrades{origin="x"} 3\n',
    'b.prom': 'apt_upgrades_other 1\n',
    'empty.prom': '',
    'c.prom.tmp': 'garbage',
    'readme.txt': 'garbage',
  })
  await utimes(join(folder, 'a.prom'), 1_700_000_000, 1_700_000_000)
  const { values, problems } = await read(folder)
  t.same(problems, {})
  t.equal(values['apt_upgrades{origin="x"}'], 3)
  t.equal(values.apt_upgrades_other, 1)
  t.equal(values.node_textfile_scrape_error, 0)
  t.equal(values[`node_textfile_mtime_seconds{file="${folder}/a.prom"}`], 1_700_000_000)
  t.equal(Object.keys(only(values, 'node_textfile_mtime_seconds')).length, 3)
})

t.test('a family of several files is one, with the first help, or one that names the file', async (t) => {
  const folder = t.testdir({
    'a.prom': '# HELP x First.\n# TYPE x gauge\nx{f="a"} 1\n',
    'b.prom': '# HELP x Second.\n# TYPE x gauge\nx{f="b"} 1\ny 1\n',
  })
  const families = await createTextfileCollector({ folder, isTaken }, { onProblem: (file) => t.fail(file) }).collect(
    never,
  )
  const text = renderMetrics(families, 'prometheus')
  t.match(text, '# HELP x First.\n# TYPE x gauge\nx{f="a"} 1\nx{f="b"} 1\n')
  t.match(text, `# HELP y Metric read from ${folder}/b.prom\n# TYPE y untyped\n`)
})

const good = { 'good.prom': 'good 1\n' }

/** Files that cost only themselves, by what is wrong. */
const wrong: Record<string, { files: Record<string, string>; culprit: string; reason: RegExp }> = {
  'a time': { files: { 'x.prom': 'x 1 1700000000000\n' }, culprit: 'x.prom', reason: /line 1: x has a time/ },
  'lines of Windows': { files: { 'x.prom': 'x 1\r\n' }, culprit: 'x.prom', reason: /line 1/ },
  'a series twice': { files: { 'x.prom': 'x 1\nx 2\n' }, culprit: 'x.prom', reason: /line 2.*twice/ },
  'a series of another file': {
    files: { 'h.prom': 'good 2\n' },
    culprit: 'h.prom',
    reason: /good with the same labels/,
  },
  'an empty label more': {
    files: { 'h.prom': 'good{a=""} 2\n' },
    culprit: 'h.prom',
    reason: /good with the same labels/,
  },
  'another type': {
    files: { 'h.prom': '# TYPE good gauge\ngood{a="b"} 1\n' },
    culprit: 'h.prom',
    reason: /good is a gauge here and a untyped in another file/,
  },
  'a family of the agent': {
    files: { 'x.prom': 'obs_agent_up 1\n' },
    culprit: 'x.prom',
    reason: /metric of the agent/,
  },
  'a family of the host': {
    files: { 'x.prom': 'a 1\nnode_load1 1\n' },
    culprit: 'x.prom',
    reason: /node_load1 is a metric/,
  },
  'a sample of a family of the agent': {
    files: { 'x.prom': '# TYPE node_load1 summary\nnode_load1_sum 1\n' },
    culprit: 'x.prom',
    reason: /node_load1 is a metric/,
  },
  'a sample that belongs elsewhere': {
    files: { 'h.prom': '# TYPE q summary\nq_sum 1\n', 'i.prom': 'q_sum{a="b"} 1\n' },
    culprit: 'i.prom',
    reason: /q_sum belongs to q/,
  },
  'half a line': { files: { 'x.prom': 'x 1\ny' }, culprit: 'x.prom', reason: /line 2: the last line does not end/ },
  'a mark of byte order': { files: { 'x.prom': '\ufeffx 1\n' }, culprit: 'x.prom', reason: /line 1/ },
  '10,001 samples': {
    files: { 'x.prom': Array.from({ length: 10_001 }, (_, index) => `x{i="${index}"} 1\n`).join('') },
    culprit: 'x.prom',
    reason: /more than 10000 samples/,
  },
  '10,000 samples beside others': {
    files: { 'x.prom': Array.from({ length: 10_000 }, (_, index) => `x{i="${index}"} 1\n`).join('') },
    culprit: 'x.prom',
    reason: /more than 10000 samples in all files/,
  },
  'more than 1 MiB': {
    files: { 'x.prom': `x 1\n${'#\n'.repeat(524_288)}` },
    culprit: 'x.prom',
    reason: /at most 1 MiB/,
  },
}
for (const [what, { files, culprit, reason }] of Object.entries(wrong)) {
  t.test(`a file with ${what} costs only itself`, async (t) => {
    const found = await read(t.testdir({ ...good, ...files }))
    t.equal(error(found), 1)
    t.equal(found.values.good, 1)
    t.same(Object.keys(found.problems), [culprit])
    t.match(found.problems[culprit], reason)
    t.notMatch(Object.keys(found.values).join(), new RegExp(`file="[^"]*${culprit}"`), 'it has no time of writing')
  })
}

t.test('files that cannot be read cost only themselves', async (t) => {
  const folder = t.testdir({ ...good, 'folder.prom': {}, 'latin.prom': '' })
  await symlink('loop.prom', join(folder, 'loop.prom'))
  await symlink('gone', join(folder, 'gone.prom'))
  await symlink('good.prom', join(folder, 'other-good.prom'))
  await promisify(execFile)('mkfifo', [join(folder, 'pipe.prom')])
  await writeFile(join(folder, 'latin.prom'), Buffer.from('x{a="caf\xe9"} 1\n', 'latin1'))
  const found = await read(folder)
  t.equal(error(found), 1)
  t.equal(found.values.good, 1)
  t.match(found.problems, {
    'folder.prom': /expected a file/,
    'gone.prom': /ENOENT/,
    'latin.prom': /not valid/,
    'loop.prom': /ELOOP/,
    'other-good.prom': /good with the same labels/,
    'pipe.prom': /expected a file/,
  })
})

t.test(
  'a file that only others may read costs only itself',
  { skip: process.getuid?.() === 0 && 'root reads everything' },
  async (t) => {
    const folder = t.testdir({ ...good, 'x.prom': 'x 1\n' })
    await chmod(join(folder, 'x.prom'), 0)
    t.match((await read(folder)).problems, { 'x.prom': /EACCES/ })
  },
)

t.test('a folder that is not there is an error, and nothing more', async (t) => {
  t.same((await read(join(t.testdir({}), 'gone'))).values, { node_textfile_scrape_error: 1 })
})

t.test('values that are no finite numbers are shown', async (t: Test) => {
  const { values } = await read(t.testdir({ 'x.prom': 'a NaN\nb +Inf\nc -Inf\nd 1e-7\n' }))
  t.same(
    [values.a, values.b, values.c, values.d],
    [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e-7],
  )
})
