/** Every format, on lines that once were real. `RUNS=20000 SEED=…` for more, or for the same again: a failure prints its seed. */
import { isDeepStrictEqual } from 'node:util'
import t from 'tap'
import { AutoFormat } from '../../src/parse/auto.ts'
import { newUnwrapped } from '../../src/parse/envelope.ts'
import { createCriReader } from '../../src/parse/envelopes/cri.ts'
import { createDockerReader } from '../../src/parse/envelopes/docker.ts'
import type { Envelope, FormatParser, Line } from '../../src/parse/line.ts'
import { createPlainParser } from '../../src/parse/plain.ts'
import { type Outcome, outcomeOf, readAgain, repeatedKey } from './fuzz-entry.ts'
import { mutated } from './fuzz-mutations.ts'
import { Random, SEED } from './fuzz-random.ts'
import { subjects } from './fuzz-subjects.ts'
import { lostWords, wordRules } from './fuzz-words.ts'
import { context, lineOf } from './harness.ts'

const RUNS = Number(process.env.RUNS ?? 400)
const FORMATS = subjects()
const RECORDS = FORMATS.flatMap(({ records }) => records)
const ENVELOPE: Envelope = {
  timeMs: Date.UTC(2026, 1, 1),
  time: Buffer.from('2026-02-01T00:00:00Z'),
  members: Buffer.from('"stream":"stderr","attrs":{"tag":"x"}'),
}

t.comment(`SEED=${SEED} RUNS=${RUNS}`)

/** Calls `check` with so many lines made of `records`; says which line it was that failed. */
function forLines(records: readonly Buffer[], salt: number, check: (line: Line, bytes: Buffer) => void): void {
  const random = new Random(SEED + salt)
  for (let run = 0; run < RUNS; run++) {
    const bytes = mutated(random.of(records), random, random.of(RECORDS))
    const line = lineOf(bytes, {
      isTruncated: random.below(16) === 0,
      isPartial: random.below(16) === 0,
      isContinued: random.below(16) === 0,
      envelope: random.below(4) === 0 ? ENVELOPE : undefined,
    })
    try {
      check(line, bytes)
    } catch (cause) {
      throw new Error(`${cause}: SEED=${SEED} RUNS=${RUNS}, run ${run}, base64 ${bytes.toString('base64')}`, { cause })
    }
  }
}

function holds(isSo: boolean, what: string): void {
  if (!isSo) throw new Error(what)
}

/** What holds of every entry, whoever made it. */
function checkShipped({ entry }: Outcome): void {
  if (entry === undefined) return
  const again = readAgain(entry)
  holds(isDeepStrictEqual(again, entry), `read again it is ${JSON.stringify(again)}`)
}

function checkOf(parser: FormatParser, name: string): (line: Line, bytes: Buffer) => void {
  return (line, bytes) => {
    const outcome = outcomeOf(parser, line)
    checkShipped(outcome)
    const lost = lostWords(bytes.toString(), outcome, wordRules(name))
    holds(lost.length === 0, `lost ${lost} in ${outcome.text}`)
  }
}

for (const [index, { name, create, records }] of FORMATS.entries()) {
  t.test(`${name} makes whole entries of changed lines of its own, and of none else`, async (t) => {
    forLines(records, index, checkOf(create(), name))
    t.pass('none was found that breaks a promise')
  })

  t.test(`${name} begins a record with what it takes`, async (t) => {
    const { startsRecord } = create()
    if (startsRecord === undefined) return t.pass('every line does')
    forLines(records, index, (line, bytes) => {
      if (bytes.includes('\n') || bytes.length === 0 || bytes[0] === 0x20 || bytes[0] === 0x09) return
      const { entry } = outcomeOf(create(), line)
      holds(entry === undefined || begins(create(), line, name), 'what is taken must begin a record')
    })
    t.pass('none was found that does not')
  })
}

/** Indented lines go on, whatever they look like, and are not asked for. A part of the journal's record is taken without its head, which was cut off; it begins none. */
function begins(parser: FormatParser, line: Line, name: string): boolean {
  if (name === 'journal-export' && !line.bytes.toString('latin1', line.start).startsWith('__CURSOR=')) return true
  return parser.startsRecord?.(line) ?? true
}

t.test('auto makes an entry of any line', async (t) => {
  const auto = new AutoFormat(context)
  forLines(RECORDS, 100, (line) => {
    const outcome = outcomeOf(auto, line)
    holds(outcome.entry !== undefined, 'auto refuses nothing')
    checkShipped(outcome)
  })
  t.pass('none was found that breaks a promise')
})

const FRAMES = [
  ...RECORDS.filter((_, index) => index % 7 === 0).map((record) =>
    JSON.stringify({ log: `${record}\n`, stream: 'stdout', time: '2025-01-15T08:00:00.123456789Z' }),
  ),
  '{"log":"a \\u003cb\\u003e\\n","stream":"stderr","attrs":{"tag":"x","é":"\\""},"time":"2025-01-15T08:00:00Z"}',
  ...RECORDS.filter((_, index) => index % 7 === 1).map((record) => `2025-01-15T08:00:00.123456789Z stdout F ${record}`),
  '2025-01-15T08:00:00.123456789+01:00 stderr P:x:y cut',
].map((text) => Buffer.from(text))

for (const [name, create] of [
  ['docker', createDockerReader],
  ['cri', createCriReader],
] as const) {
  t.test(`${name} reader takes the frame off changed lines, or leaves them alone`, async (t) => {
    const reader = create()
    const plain = createPlainParser(context)
    forLines(FRAMES, 200, (line, bytes) => {
      const into = newUnwrapped()
      if (!reader.read(line, into)) return
      const { envelope, start, end } = into
      holds(start >= 0 && start <= end && end <= into.bytes.length, `a span of bytes, got ${start}–${end}`)
      const members = `{${envelope.members}}`
      holds(repeatedKey(members) === undefined, `no member twice in ${JSON.parse(members) && members}`)
      const time = Date.parse(envelope.time.toString())
      holds(time === envelope.timeMs, `the time of ${envelope.time}, got ${envelope.timeMs}`)
      if (name === 'docker') checkLog(bytes, into.bytes.subarray(start, end))
      outcomeOf(plain, { ...line, bytes: into.bytes, start, end, envelope })
      const fresh = newUnwrapped()
      create().read(line, fresh)
      const ownBytes = fresh.bytes.subarray(fresh.start, fresh.end)
      holds(ownBytes.equals(into.bytes.subarray(start, end)), 'the same as a new reader gives')
      holds(fresh.envelope.members.equals(envelope.members), 'the members a new reader gives')
    })
    t.pass('none was found that breaks a promise')
  })
}

/** The payload is what JSON.parse finds, without its line end. */
function checkLog(bytes: Buffer, payload: Buffer): void {
  const { log } = JSON.parse(bytes.toString())
  const wanted = String(log)
    .toWellFormed()
    .replace(/\r?\n$/, '')
  holds(payload.toString() === wanted, `the payload is ${JSON.stringify(payload.toString())}`)
}
