/** A crafted line costs little, whatever the format: no more than in proportion to its length. */
import t from 'tap'
import { AutoFormat } from '../../src/parse/auto.ts'
import { type FormatParser, type Line, NdjsonBuffer } from '../../src/parse/line.ts'
import { hostileLines } from './fuzz-hostile.ts'
import { subjects } from './fuzz-subjects.ts'
import { context, lineOf, newFacts } from './harness.ts'

const LONG_BYTES = 65_536
const SHORT_BYTES = 16_384
/**
 * What no line may take, whatever the machine is busy with. Formats take up to 70 ms for the worst lines here (16,384 members);
 * what is quadratic took seconds.
 */
const LIMIT_MS = 1500
/** Beyond so much for a long line, a short one must take a quarter, give or take: a square would be four times that. */
const GROWTH_FROM_MS = 150
const GROWTH_SLACK = 3
const BLOCK_BYTES = 4 * 2 ** 20

const out = new NdjsonBuffer(1 << 20)
const facts = newFacts()

/** CPU milliseconds, the best of three; no more tries than it takes to be below the limit. */
function cpuMs(limitMs: number, run: () => void): number {
  let best = Number.POSITIVE_INFINITY
  for (let tries = 0; tries < 3 && best > limitMs; tries++) {
    const before = process.cpuUsage()
    run()
    const { user, system } = process.cpuUsage(before)
    best = Math.min(best, (user + system) / 1000)
  }
  return best
}

function read(parser: FormatParser, line: Line): void {
  out.clear()
  parser.startsRecord?.(line)
  parser.tryParse(line, out, facts)
}

const FORMATS = subjects()

for (const subject of FORMATS) {
  t.test(`${subject.name} takes its time over no line`, async (t) => {
    const long = hostileLines(subject, LONG_BYTES)
    const short = hostileLines(subject, SHORT_BYTES)
    const parser = subject.create()
    const slow = long.flatMap((bytes, index) => {
      const longMs = cpuMs(GROWTH_FROM_MS, () => read(parser, lineOf(bytes)))
      if (longMs <= GROWTH_FROM_MS) return []
      const shortMs = cpuMs(0, () => read(parser, lineOf(short[index] ?? '')))
      const isLinear = longMs <= (shortMs + 1) * (LONG_BYTES / SHORT_BYTES) * GROWTH_SLACK
      const text = bytes.toString('latin1')
      return isLinear && longMs <= LIMIT_MS ? [] : [{ longMs, shortMs, head: text.slice(0, 200), end: text.slice(-20) }]
    })
    t.same(slow, [])
  })
}

t.test('auto takes its time over no line', async (t) => {
  const slow = FORMATS.flatMap((subject) => {
    const auto = new AutoFormat(context)
    const lines = hostileLines(subject, LONG_BYTES).filter((_, index) => index % 40 === 0)
    return lines.flatMap((bytes) => {
      const ms = cpuMs(LIMIT_MS, () => read(auto, lineOf(bytes)))
      return ms <= LIMIT_MS ? [] : [{ ms, format: subject.name, head: bytes.toString('latin1', 0, 200) }]
    })
  })
  t.same(slow, [])
})

t.test('no format looks beyond its line, at the rest of the block', async (t) => {
  const runs = 20
  const dear = FORMATS.flatMap(({ name, create, records }) => {
    const parser = create()
    return records
      .filter((_, index) => index % Math.ceil(records.length / 20) === 0)
      .flatMap((record) => {
        const block = Buffer.alloc(BLOCK_BYTES, Buffer.concat([record, Buffer.from('\n')]))
        const start = Math.floor(BLOCK_BYTES / 2 / (record.length + 1)) * (record.length + 1)
        const inBlock: Line = { ...lineOf(''), bytes: block, start, end: start + record.length }
        const repeat = (line: Line) => () => {
          for (let run = 0; run < runs; run++) read(parser, line)
        }
        repeat(inBlock)()
        const aloneMs = cpuMs(0, repeat(lineOf(record)))
        // Searching the 2 MiB on one side takes 800 µs, where the line itself takes 1 to 10.
        const limitMs = aloneMs * 3 + runs * 0.4
        const ms = Math.min(cpuMs(limitMs, repeat(inBlock)), cpuMs(limitMs, repeat(inBlock)))
        return ms <= limitMs ? [] : [{ name, aloneMs, ms, record: record.toString() }]
      })
  })
  t.same(dear, [])
})
