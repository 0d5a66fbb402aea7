import t from 'tap'
import type { JoinConfig, ParseConfig } from '../../src/config/steps.ts'
import { type Line, NdjsonBuffer } from '../../src/parse/line.ts'
import { RecordStream } from '../../src/parse/record-stream.ts'
import { context, entryIn, lineOf, newFacts } from './harness.ts'

const JAVA = '2026-01-15 08:00:00,123 ERROR [main] c.e.App - boom'
const FRAME = '\tat c.e.App.main(App.java:1)'
const ACCESS = '1.2.3.4 - - [15/Jan/2026:08:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "x"'

function stream(parse: ParseConfig, { join = { kind: 'auto' }, isInFrame = false }: Options = {}): RecordStream {
  return new RecordStream({ parse, join, isInFrame }, context)
}

interface Options {
  readonly join?: JoinConfig
  readonly isInFrame?: boolean
}

function format(name: Extract<ParseConfig, { kind: 'format' }>['format']): ParseConfig {
  return { kind: 'format', format: name }
}

function parsed(stream: RecordStream, text: string | Buffer, more: Partial<Line> = {}) {
  const out = new NdjsonBuffer(8)
  const facts = newFacts()
  stream.parse(lineOf(text, more), out, facts)
  return { entry: entryIn(out, 0), facts }
}

t.test('a record that does not fit is kept whole, with the reason and whatever it says itself', async (t) => {
  const cases: [ParseConfig, string, RegExp][] = [
    [format('json'), 'ERROR: no json at all', /^not a JSON object/],
    [format('nginx'), 'ERROR: {"a":1}', /^no time in brackets/],
    [format('docker'), 'ERROR: no frame', /^not a line of docker$/],
    [format('cri'), 'ERROR: no frame', /^not a line of cri$/],
    [{ kind: 'pattern', pattern: '^x', keys: {}, numbers: [] }, 'ERROR: y', /^does not match the pattern$/],
  ]
  for (const [parse, text, reason] of cases) {
    const { entry, facts } = parsed(stream(parse), text)
    t.match(entry, { message: text, level: 'ERROR', metadata: { parse_error: reason } })
    t.equal(facts.hasParseError, true)
  }
})

t.test('a record that does not fit loses no byte, mark or line', async (t) => {
  const text = '2026-01-15T08:00:00Z a "b" \\c\n\td\r\u0007 é'
  const { entry } = parsed(stream(format('json')), text, { isTruncated: true })
  t.match(entry, {
    message: text,
    timestamp: '2026-01-15T08:00:00Z',
    metadata: { truncated: true, parse_error: /JSON/ },
  })
  const { entry: broken, facts } = parsed(stream(format('json')), Buffer.from([0x61, 0xff, 0x62]))
  t.match(broken, { message: 'a\ufffdb' })
  t.equal(facts.hasInvalidUtf8, true)
})

t.test('a misfit leaves nothing behind for the record after it', async (t) => {
  const json = stream(format('json'))
  parsed(json, 'WARN no json')
  const { entry, facts } = parsed(json, '{"msg":"m","level":"debug"}')
  t.match(entry, { message: 'm', level: 'DEBUG', metadata: undefined })
  t.equal(facts.hasParseError, false)
})

t.test('auto and plain know no misfits', async (t) => {
  for (const name of ['auto', 'plain'] as const) {
    const { entry, facts } = parsed(stream(format(name)), 'whatever')
    t.match(entry, { message: 'whatever', metadata: undefined })
    t.equal(facts.hasParseError, false)
  }
})

t.test('lines in a frame are read by auto, and say which format they turned out to have', async (t) => {
  const inFrame = stream(format('docker'), { isInFrame: true })
  t.same([inFrame.isAuto, inFrame.format], [true, 'plain'])
  t.match(parsed(inFrame, ACCESS).entry, { status_code: 200 })
  t.same([inFrame.format, inFrame.lastFormat], ['nginx', 'nginx'])
  parsed(inFrame, 'text')
  t.same([inFrame.format, inFrame.lastFormat], ['nginx', 'plain'])
  const java = stream(format('java'))
  t.same([java.isAuto, java.format, java.lastFormat], [false, 'java', 'java'])
  t.equal(stream({ kind: 'pattern', pattern: 'a', keys: {}, numbers: [] }).format, 'pattern')
})

t.test('lines go together as the format says, as it is told to, or not at all', async (t) => {
  const begins = (of: RecordStream, lines: string[]): boolean[] => lines.map((text) => of.begins(lineOf(text)))
  const lines = [JAVA, FRAME, JAVA]
  t.same(begins(stream(format('java')), lines), [true, false, true])
  t.equal(stream(format('java')).joins(lineOf(JAVA)), true)
  const none = stream(format('java'), { join: { kind: 'none' } })
  t.same(begins(none, lines), [true, true, true])
  t.equal(none.joins(lineOf(JAVA)), false)
  const access = stream(format('apache'))
  t.same(begins(access, [ACCESS, FRAME]), [true, true])
  t.equal(stream(format('syslog')).joins(lineOf(ACCESS)), false)
})

t.test('auto learns from the first line whether lines go together', async (t) => {
  const java = stream(format('auto'))
  t.equal(java.joins(lineOf(JAVA)), true)
  t.same([java.begins(lineOf(JAVA)), java.begins(lineOf(FRAME))], [true, false])
  const json = stream(format('auto'))
  t.equal(json.joins(lineOf('{"msg":"m"}')), false)
  t.equal(json.format, 'json')
})

t.test('a record joined from several lines is parsed as one', async (t) => {
  const { entry } = parsed(stream(format('java')), `${JAVA}\n${FRAME}`)
  t.match(entry, { message: 'boom', level: 'ERROR', stack_trace: /App\.java:1/ })
})

t.test('a format that throws costs no line, and not the agent', async (t) => {
  const facts = newFacts()
  let left = 1
  const throwing = new Proxy(facts, {
    set(target, name, value) {
      if (left-- > 0) throw new RangeError('Offset is outside the bounds')
      return Reflect.set(target, name, value)
    },
  })
  const out = new NdjsonBuffer(8)
  stream(format('json')).parse(lineOf('{"msg":"m"}'), out, throwing)
  const entry = entryIn(out, 0)
  t.equal(entry.message, '{"msg":"m"}')
  t.match(entry.metadata, { parse_error: /^json failed: Offset/ })
})
