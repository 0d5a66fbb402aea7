import t from 'tap'
import { AutoFormat } from '../../src/parse/auto.ts'
import { RECORD_FORMATS } from '../../src/parse/formats.ts'
import type { LineContext } from '../../src/parse/line.ts'
import { NdjsonBuffer } from '../../src/parse/line.ts'
import { context, entryIn, lineOf, newFacts } from './harness.ts'

const JSON_LINE = '{"time":"2026-02-01T08:00:00Z","level":"warn","msg":"m"}'
const LOGFMT = 'time=2026-02-01T08:00:00Z level=warn msg=m'
const ACCESS = '1.2.3.4 - - [15/Jan/2026:08:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "x"'
const JAVA = '2026-01-15 08:00:00,123 ERROR [main] c.e.App - boom'
const PLAIN = 'nothing that any format would take'

function parse(auto: AutoFormat, text: string): Record<string, unknown> {
  const out = new NdjsonBuffer(8)
  auto.tryParse(lineOf(text), out, newFacts())
  return entryIn(out, 0)
}

function repeat(auto: AutoFormat, text: string, times: number): void {
  for (let i = 0; i < times; i++) parse(auto, text)
}

t.test('auto decides by the first record that has a format', async (t) => {
  const auto = new AutoFormat(context)
  t.same([auto.name, auto.lastName], ['plain', 'plain'])
  repeat(auto, PLAIN, 3)
  t.same([auto.name, auto.lastName], ['plain', 'plain'])
  t.match(parse(auto, LOGFMT), { level: 'WARNING', message: 'm' })
  t.same([auto.name, auto.lastName], ['logfmt', 'logfmt'])
  t.match(parse(auto, PLAIN), { message: PLAIN, level: 'INFO', metadata: undefined })
  t.same([auto.name, auto.lastName], ['logfmt', 'plain'], 'text among it is read as such')
})

t.test('auto reads a line of another kind right, and stays with what it decided', async (t) => {
  const auto = new AutoFormat(context)
  parse(auto, JSON_LINE)
  for (let i = 0; i < 12; i++) {
    t.match(parse(auto, ACCESS), { status_code: 200 })
    t.same([auto.name, auto.lastName], ['json', 'nginx'])
    repeat(auto, JSON_LINE, 1)
  }
})

t.test('auto goes over to what fits five times where its own does not', async (t) => {
  const auto = new AutoFormat(context)
  parse(auto, JSON_LINE)
  const names: string[] = []
  for (let i = 0; i < 5; i++) {
    parse(auto, LOGFMT)
    names.push(auto.name)
  }
  t.same(names, ['json', 'json', 'json', 'json', 'logfmt'])
  parse(auto, JSON_LINE)
  t.same([auto.name, auto.lastName], ['logfmt', 'json'])
})

t.test('auto counts votes of one rival only, and those of its own against them', async (t) => {
  const rivals = new AutoFormat(context)
  parse(rivals, JSON_LINE)
  for (let i = 0; i < 10; i++) {
    parse(rivals, LOGFMT)
    parse(rivals, ACCESS)
  }
  t.equal(rivals.name, 'json', 'two that take turns')
  const mixed = new AutoFormat(context)
  parse(mixed, JSON_LINE)
  for (let i = 0; i < 3; i++) {
    repeat(mixed, LOGFMT, 2)
    repeat(mixed, JSON_LINE, 1)
  }
  t.equal(mixed.name, 'json', 'one vote is left after each round')
  repeat(mixed, LOGFMT, 2)
  t.equal(mixed.name, 'logfmt')
})

t.test('auto that has decided asks no other format while its own fits', async (t) => {
  const tries = counting(t)
  const auto = new AutoFormat(context)
  repeat(auto, JSON_LINE, 1000)
  t.equal(tries(), 0, 'json comes first')
  parse(auto, PLAIN)
  t.equal(tries(), 1)
})

t.test('auto asks about one record of plain text in sixteen, once there were many', async (t) => {
  const tries = counting(t)
  const auto = new AutoFormat(context)
  repeat(auto, PLAIN, 64)
  t.equal(tries(), 64)
  repeat(auto, PLAIN, 1600)
  t.equal(tries(), 164)
  t.match(parse(auto, JSON_LINE), { level: 'WARNING' }, 'what begins like JSON is always asked about')
  t.equal(auto.name, 'json')
})

t.test('auto tells before a line whether lines may go together', async (t) => {
  const auto = new AutoFormat(context)
  t.equal(auto.isLineWise, true, 'text')
  auto.decideBy(lineOf(JAVA))
  t.same([auto.name, auto.isLineWise], ['java', false])
  const begins = (text: string): boolean => auto.startsRecord(lineOf(text))
  t.equal(begins(JAVA), true)
  t.equal(begins('\tat c.e.App.main(App.java:1)'), false)
  t.equal(begins('java.lang.IllegalStateException: x'), false)
  t.equal(begins(JSON_LINE), true, 'a line of another format is no part of a trace')
  t.equal(begins(`  ${JSON_LINE}`), false, 'unless it is indented')
})

t.test('auto does not ask what kind of text begins a file for ever', async (t) => {
  const tries = counting(t)
  const auto = new AutoFormat(context)
  for (let i = 0; i < 1600; i++) {
    auto.decideBy(lineOf(PLAIN))
    parse(auto, PLAIN)
  }
  t.ok(tries() <= 2 * 64 + 2 + 1600 / 16, `${tries()} times`)
})

/** How often redis is asked, which stands for all others. */
function counting(t: {
  intercept(object: object, name: string, descriptor: PropertyDescriptor): unknown
}): () => number {
  let count = 0
  const create = RECORD_FORMATS.redis
  const value = (context: LineContext) => {
    const parser = create(context)
    return {
      tryParse: (...given: Parameters<typeof parser.tryParse>) => {
        count++
        return parser.tryParse(...given)
      },
    }
  }
  t.intercept(RECORD_FORMATS, 'redis', { value, configurable: true, enumerable: true })
  return () => count
}
