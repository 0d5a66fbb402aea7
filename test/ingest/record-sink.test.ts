import fc from 'fast-check'
import t from 'tap'
import type { JoinConfig, ParseConfig } from '../../src/config/steps.ts'
import { framesOf } from '../../src/ingest/frames.ts'
import { RecordSink } from '../../src/ingest/record-sink.ts'
import { createEntryFacts, NdjsonBuffer } from '../../src/parse/line.ts'
import { RecordStream } from '../../src/parse/record-stream.ts'
import { LineSplitter } from '../../src/tail/line-splitter.ts'
import { context, entryIn } from '../parse/harness.ts'

interface Taken {
  readonly message: string
  readonly offset: number
  readonly lines: number
  readonly metadata: Record<string, unknown>
}

interface Options {
  readonly format?: Extract<ParseConfig, { kind: 'format' }>['format']
  readonly join?: JoinConfig
  readonly maxLines?: number
  readonly maxBytes?: number
}

/** A sink and what it handed over; lines come in blocks that are overwritten after each. */
function setUp({ format = 'plain', join = { kind: 'auto' }, maxLines = 500, maxBytes = 2 ** 20 }: Options = {}) {
  const taken: Taken[] = []
  const booked = { entries: 0, bytes: 0, droppedBytes: 0 }
  const clock = { nowMs: 0 }
  const parse = { kind: 'format', format } as const
  const frames = framesOf(parse)
  const sink = new RecordSink(
    { timeoutMs: 1000, maxLines, maxBytes },
    {
      frames,
      isFramed: frames.length === 1,
      createStream: (isInFrame) => new RecordStream({ parse, join, isInFrame }, context),
      take: (record, { stream, consumedBytes, lines }) => {
        const out = new NdjsonBuffer(64)
        stream.parse(record, out, createEntryFacts())
        const { message, offset, metadata = {} } = entryIn(out, 0)
        taken.push({
          message: String(message),
          offset: Number(offset),
          lines,
          metadata: metadata as Record<string, unknown>,
        })
        booked.entries++
        booked.bytes += consumedBytes
        return true
      },
      drop: (_reason, _entries, bytes) => {
        booked.droppedBytes += bytes
      },
      hold: () => {},
      monotonicMs: () => clock.nowMs,
    },
  )
  const splitter = new LineSplitter()
  let offset = 0
  const read = (text: string | Buffer, from = offset): void => {
    const bytes = Buffer.from(text)
    const window = { bytes, start: 0, end: bytes.length, offset: from, readMs: Date.UTC(2026, 0, 1) }
    offset = from + splitter.split(window, sink, { maxLineBytes: 65_536, isContinued: false })
    sink.settle()
    bytes.fill('#')
  }
  return { sink, taken, booked, clock, read, messages: () => taken.map(({ message }) => message) }
}

const indented: JoinConfig = { kind: 'continue', pattern: '^\\s' }

t.test('record sink joins the lines of a foreign record among those of a format that has none', async (t) => {
  const json = '{"time":"2025-01-15T08:00:00Z","msg":"a"}\n'
  const java = '2025-01-15 08:00:00,123 ERROR [main] c.e.App - b\njava.lang.Error: x\n\tat a.B.c(B.java:1)\n'
  const { read, taken } = setUp({ format: 'auto' })
  read(`${json}${java}${java}${json}plain\n${json}`)
  t.same(
    taken.map(({ message, lines }) => [message, lines]),
    [
      ['a', 1],
      ['b', 3],
      ['b', 3],
      ['a', 1],
      ['plain', 1],
      ['a', 1],
    ],
  )
})

t.test('lines that go together are one record, however they are cut into blocks', async (t) => {
  const text = 'one\n  1\n  2\ntwo\n\tx\n\n\ty\nthree\n'
  for (let cut = 0; cut <= text.length; cut++) {
    const { sink, read, booked, messages } = setUp({ join: indented })
    const end = text.lastIndexOf('\n', cut - 1) + 1
    read(text.slice(0, end))
    read(text.slice(end))
    sink.finish()
    t.same(messages(), ['one\n  1\n  2', 'two\n\tx\n\n\ty', 'three'])
    t.equal(booked.bytes + booked.droppedBytes, text.length)
  }
})

t.test('carriage returns and blank lines at the end are no part of a record', async (t) => {
  const { sink, read, booked, messages } = setUp({ join: indented })
  read('one\r\n  1\r\n\r\ntwo\n\n\n')
  sink.finish()
  t.same(messages(), ['one\n  1', 'two'])
  t.same(booked, { entries: 2, bytes: 14, droppedBytes: 4 })
})

t.test('a record is held until the next begins, and its offset is where reading must begin again', async (t) => {
  const { sink, read, messages, clock } = setUp({ join: indented })
  read('one\n 1\n')
  t.same(messages(), [])
  t.equal(sink.heldOffset, 0)
  read('two\n')
  t.same(messages(), ['one\n 1'])
  t.equal(sink.heldOffset, 7)
  clock.nowMs = 999
  t.notOk(sink.flushDue(clock.nowMs))
  clock.nowMs = 1000
  t.equal(sink.dueMs(clock.nowMs), 0)
  t.ok(sink.flushDue(clock.nowMs))
  t.same(messages(), ['one\n 1', 'two'])
  t.equal(sink.heldOffset, undefined)
})

t.test('a record that grows too long is cut, and says so', async (t) => {
  for (const limits of [{ maxLines: 3 }, { maxBytes: 8 }]) {
    const { sink, read, taken } = setUp({ join: indented, ...limits })
    read('one\n 1\n 2\n 3\n 4\n')
    sink.finish()
    t.same(
      taken.map(({ message, metadata }) => [message, metadata]),
      [
        ['one\n 1\n 2', { partial: true }],
        [' 3\n 4', { continued: true }],
      ],
    )
  }
})

const docker = (log: string, stream: string): string =>
  `${JSON.stringify({ log, stream, time: '2026-01-01T00:00:00.000000001Z' })}\n`

t.test('what docker cut is put together, each stream by itself', async (t) => {
  const { sink, read, taken } = setUp({ format: 'docker' })
  read(
    docker('half of ', 'stdout') +
      docker('an error\n', 'stderr') +
      docker('a line\n', 'stdout') +
      docker('next\n', 'stdout'),
  )
  sink.finish()
  t.same(
    taken.map(({ message, metadata }) => [message, metadata.stream]),
    [
      ['half of a line', 'stdout'],
      ['an error', 'stderr'],
      ['next', 'stdout'],
    ],
  )
  t.same(
    taken.map(({ offset }) => offset).toSorted((a, b) => a - b),
    taken.map(({ offset }) => offset),
    'in the order in which they began',
  )
})

t.test('a first line that docker cut is known by its beginning, so that its stack trace stays with it', async (t) => {
  const { sink, read, messages, taken } = setUp({ format: 'docker' })
  read(docker('2026-01-15 08:00:00,123 ERROR [main] com.example.App - a very ', 'stdout'))
  read(docker('2026-01-15 08:00:00,124 INFO [main] com.example.App - other\n', 'stderr'))
  read(
    docker('long line\n', 'stdout') +
      docker('java.lang.Error: x\n', 'stdout') +
      docker('\tat a.B(C.java:1)\n', 'stdout'),
  )
  sink.finish()
  t.same(messages(), ['a very long line', 'other'])
  t.same(
    taken.map(({ lines }) => lines),
    [4, 1],
  )
})

t.test('what CRI cut is put together, also over the border of two blocks', async (t) => {
  const cri = (tag: string, text: string): string => `2026-01-01T00:00:00.5Z stdout ${tag} ${text}\n`
  const { sink, read, taken } = setUp({ format: 'cri' })
  read(cri('P', 'one '))
  t.equal(sink.heldOffset, 0)
  read(cri('P', 'and ') + cri('F', 'whole') + cri('F', 'next'))
  t.same(
    taken.map(({ message }) => message),
    ['one and whole', 'next'],
  )
  t.equal(sink.heldOffset, undefined)
})

t.test('a line without the frame of its source is kept, as one that does not fit', async (t) => {
  const { sink, read, taken } = setUp({ format: 'docker' })
  read('no frame\n')
  sink.finish()
  t.match(taken, [{ message: 'no frame', metadata: { parse_error: /docker/ } }])
})

t.test('stack traces of two streams of a container never mix', async (t) => {
  const { sink, read, messages } = setUp({ format: 'docker', join: { kind: 'presets', presets: ['java'] } })
  read(
    docker('java.lang.IllegalStateException: x\n', 'stderr') +
      docker('all well\n', 'stdout') +
      docker('\tat a.b.C(D.java:1)\n', 'stderr') +
      docker('still well\n', 'stdout') +
      docker('\tat a.b.C(D.java:2)\n', 'stderr'),
  )
  sink.finish()
  t.same(
    messages().map((message) => message.split('\n').length),
    [3, 1, 1],
  )
})

t.test('after a crash anywhere, reading on from the held offset repeats and loses nothing', async (t) => {
  const line = fc.record({
    stream: fc.constantFrom('stdout', 'stderr'),
    text: fc.constantFrom('begin', '  more', '\tat x.y(Z.java:1)', 'plain é', '{"a":1}', ''),
    isCut: fc.boolean(),
    isBlank: fc.boolean(),
  })
  const cases = fc.tuple(fc.array(line, { minLength: 1, maxLength: 20 }), fc.boolean(), fc.nat(20), fc.nat(3))
  fc.assert(
    fc.property(cases, ([lines, isFramed, crashAt, delays]) => {
      const texts = lines.map(({ stream, text, isCut, isBlank }, number) => {
        const body = text === '' ? '' : `${text}${text.startsWith('begin') ? ` ${number}` : ''}`
        if (!isFramed) return isBlank ? '\n' : `${body || 'x'}\n`
        return docker(isCut ? body : `${body}\n`, stream)
      })
      const options: Options = { format: isFramed ? 'docker' : 'plain', join: indented, maxLines: 4 }
      const whole = setUp(options)
      whole.read(texts.join(''))
      whole.sink.finish()

      const crashed = setUp(options)
      const cut = Math.min(crashAt, texts.length)
      for (const [index, text] of texts.slice(0, cut).entries()) {
        crashed.read(text)
        if (delays > 0 && index % 5 === delays) crashed.clock.nowMs += 2000
        if (delays > 1) crashed.sink.flushDue(crashed.clock.nowMs)
      }
      const text = texts.join('')
      const offset = crashed.sink.heldOffset ?? Buffer.byteLength(texts.slice(0, cut).join(''))
      const resumed = setUp(options)
      resumed.read(Buffer.from(text).subarray(offset), offset)
      resumed.sink.finish()

      const offsets = [...crashed.taken, ...resumed.taken].map((record) => record.offset)
      const isOrdered = offsets.every((offset, index) => index === 0 || offset > (offsets[index - 1] ?? -1))
      const books = [whole.booked, crashed.booked, resumed.booked]
      const bytes = books.map(({ bytes, droppedBytes }) => bytes + droppedBytes)
      // Where a record was cut by time, the rest of it is one of its own; not a word is lost or said twice.
      const said = wordsByStream([...crashed.taken, ...resumed.taken])
      const wanted = wordsByStream(whole.taken)
      return (
        isOrdered && bytes[0] === Buffer.byteLength(text) && said === wanted && offsets[0] === whole.taken[0]?.offset
      )
    }),
    { numRuns: Number(process.env.RUNS ?? 200) },
  )
  t.pass('in every run')
})

function wordsByStream(taken: readonly Taken[]): string {
  const streams = Map.groupBy(taken, ({ metadata }) => metadata.stream)
  const words = [...streams].map(([stream, records]) => {
    return `${stream}: ${records.map(({ message }) => message.replaceAll(/\s/g, '')).join('')}`
  })
  return words.sort().join('\n')
}
