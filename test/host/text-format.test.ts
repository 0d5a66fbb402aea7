import t from 'tap'
import { parseTextFormat } from '../../src/host/text-format.ts'
import { renderMetrics } from '../../src/metrics/exposition.ts'

const parse = (text: string) => parseTextFormat(text, { maxSamples: 100 })
const families = (text: string) => {
  const parsed = parse(text)
  if (parsed.kind === 'bad') throw new Error(`line ${parsed.line}: ${parsed.reason}`)
  return parsed.families
}
const samplesOf = (text: string) => families(text).flatMap(({ samples }) => samples)

t.test('a text has families with type, help and samples', (t) => {
  const text = `# HELP jobs_total Jobs \\\\ done,\\nby queue
# TYPE jobs_total counter
jobs_total{queue="a\\\\b",kind="say \\"hi\\"\\n"} 3
jobs_total { queue = "" , } 4.5e2
# only a comment
#HELP jobs_total is a comment? no: the blank may be missing
`
  t.match(parse(text), { kind: 'bad', line: 6, reason: /a second HELP for jobs_total/ })
  const [jobs] = families(text.split('\n').slice(0, 5).join('\n').concat('\n'))
  t.match(jobs, { name: 'jobs_total', type: 'counter', help: 'Jobs \\ done,\nby queue' })
  t.same(jobs?.samples, [
    { name: 'jobs_total', labels: { queue: 'a\\b', kind: 'say "hi"\n' }, value: 3 },
    { name: 'jobs_total', labels: { queue: '' }, value: 450 },
  ])
  t.end()
})

const values: Record<string, number> = {
  '1': 1,
  '-0.5': -0.5,
  '+.5': 0.5,
  '1.': 1,
  '1e3': 1000,
  '1E-3': 0.001,
  NaN: Number.NaN,
  nan: Number.NaN,
  Inf: Number.POSITIVE_INFINITY,
  '+Inf': Number.POSITIVE_INFINITY,
  '-inf': Number.NEGATIVE_INFINITY,
  Infinity: Number.POSITIVE_INFINITY,
  '1e999': Number.POSITIVE_INFINITY,
  '18446744073709551616': 2 ** 64,
}
t.test('values are numbers as Go reads them', (t) => {
  for (const [text, value] of Object.entries(values)) t.same(samplesOf(`a ${text}\n`)[0]?.value, value, text)
  t.end()
})

t.test('histograms and summaries keep their samples together', (t) => {
  const text = `# TYPE h histogram
h_bucket{le="1"} 1
h_bucket{le="+Inf"} 2
h_sum 3
h_count 2
# TYPE s summary
s{quantile="0.5"} 1
s_sum 1
s_count 1
x_count 1
`
  t.same(
    families(text).map(({ name, type, samples }) => [name, type, samples.length]),
    [
      ['h', 'histogram', 4],
      ['s', 'summary', 3],
      ['x_count', 'untyped', 1],
    ],
  )
  t.end()
})

const bad: Record<string, [text: string, line: number, reason: RegExp]> = {
  'a last line without end': ['a 1\nb 2', 2, /does not end/],
  'a time': ['a 1 1700000000000\n', 1, /a has a time/],
  'a carriage return': ['a 1\r\n', 1, /expected a number/],
  'a carriage return after labels': ['a{b="c"} 1\r\n', 1, /expected a number/],
  'no value': ['a\n', 1, /expected labels or a value/],
  'a blank value': ['a  \n', 1, /expected a number/],
  'a word for a value': ['a one\n', 1, /expected a number/],
  'a hexadecimal value': ['a 0x10\n', 1, /expected a number/],
  'an underscore in a value': ['a 1_000\n', 1, /expected a number/],
  'more after the value': ['a 1 2 3\n', 1, /more after the value/],
  'a bad name': ['9a 1\n', 1, /name of a metric/],
  'a bad character in a name': ['a-b 1\n', 1, /expected labels or a value/],
  'an open label': ['a{b="c 1\n', 1, /labels that cannot be read/],
  'an escape nobody knows': ['a{b="\\t"} 1\n', 1, /labels that cannot be read/],
  'labels without a comma': ['a{b="c"d="e"} 1\n', 1, /labels that cannot be read/],
  'a label twice': ['a{b="c",b="d"} 1\n', 1, /reserved, or there twice/],
  'the reserved label': ['a{__name__="c"} 1\n', 1, /reserved/],
  'the same series twice': ['a{b="c",d="e"} 1\na{d="e",b="c"} 2\n', 2, /twice/],
  'an unknown type': ['# TYPE a info\n', 1, /unknown type of a/],
  'a second type': ['# TYPE a gauge\n# TYPE a gauge\n', 2, /second TYPE/],
  'a type after samples': ['a 1\n# TYPE a gauge\n', 2, /after its samples/],
  'an escape in help': ['# HELP a say \\"hi\\"\n', 1, /HELP for a/],
  'a histogram with a value': ['# TYPE h histogram\nh 1\n', 2, /is a histogram/],
  'a bucket without le': ['# TYPE h histogram\nh_bucket 1\n', 2, /without le/],
  'a quantile that is missing': ['# TYPE s summary\ns 1\n', 2, /without quantile/],
  'too many samples': [Array.from({ length: 101 }, (_, index) => `a{i="${index}"} 1\n`).join(''), 101, /more than 100/],
  binary: ['\0\x01\x02\n', 1, /name of a metric/],
}
for (const [what, [text, line, reason]] of Object.entries(bad)) {
  t.test(`a text with ${what} is refused`, (t) => {
    t.match(parse(text), { kind: 'bad', line, reason })
    t.end()
  })
}

t.test('a text may end with # EOF, be empty, or have families without samples', (t) => {
  t.same(samplesOf('a 1\n# EOF\n').length, 1)
  t.same(families(''), [])
  t.same(families('\n \n# HELP a nothing\n# TYPE a gauge\n'), [])
  t.end()
})

t.test('labels named like properties of objects are labels', (t) => {
  t.same(
    samplesOf('a{constructor="x"} 1\na{__proto__="y"} 2\ntoString 3\n').map(({ value }) => value),
    [1, 2, 3],
  )
  t.end()
})

t.test('what is written can be read, and long lines cost no more than their length', (t) => {
  const labels = { a: 'x\\y"z\n', b: '' }
  const family = { name: 'm', type: 'gauge', help: 'h \\ \n', samples: [{ name: 'm', labels, value: 1.5 }] }
  t.same(families(renderMetrics([family], 'prometheus')), [family])
  const startMs = performance.now()
  for (const text of [
    `${' '.repeat(500_000)}x\n`,
    `a{${' '.repeat(500_000)}\n`,
    `a{b="${'\\\\'.repeat(250_000)}\n`,
    `a${' 1'.repeat(250_000)}\n`,
  ])
    parse(text)
  t.ok(performance.now() - startMs < 2000)
  t.end()
})
