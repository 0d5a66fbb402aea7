/** What every format promises, on the lines of its fixtures; fuzz.test.ts has the same on changed ones. */
import { isDeepStrictEqual } from 'node:util'
import t from 'tap'
import { AutoFormat } from '../../src/parse/auto.ts'
import { RECORD_FORMATS } from '../../src/parse/formats.ts'
import type { FormatParser } from '../../src/parse/line.ts'
import { type Outcome, outcomeOf, readAgain } from './fuzz-entry.ts'
import { mutated } from './fuzz-mutations.ts'
import { Random, SEED } from './fuzz-random.ts'
import { type Subject, subjects } from './fuzz-subjects.ts'
import { lostWords, wordRules } from './fuzz-words.ts'
import { context, lineOf } from './harness.ts'

const FORMATS = subjects()
/** Those `auto` knows. */
const CHOICES = FORMATS.filter(({ name }) => Object.hasOwn(RECORD_FORMATS, name) && name !== 'plain')

t.test('every format has fixtures', async (t) => {
  for (const { name, records } of FORMATS) t.ok(records.length > 0, name)
})

t.test('a check that finds nothing wrong would find what is', async (t) => {
  const json = FORMATS[0]?.create()
  if (json === undefined) throw new Error('there are formats')
  const outcome = outcomeOf(json, lineOf('{"msg":"one two","a":"three"}'))
  t.same(lostWords('one two three four fivesix', outcome, wordRules('json')), ['four', 'fivesix'])
  const misfit = {
    tryParse(...[, out]: Parameters<typeof json.tryParse>) {
      out.appendText('{')
      return 'no'
    },
  }
  t.throws(() => outcomeOf(misfit, lineOf('x')), /nothing is written/)
})

for (const { name, create, records } of FORMATS) {
  t.test(`${name} loses no word of its fixtures, and what is shipped reads back the same`, async (t) => {
    const outcomes = records.map((record) => ({ record, outcome: outcomeOf(create(), lineOf(record)) }))
    const taken = outcomes.filter(({ outcome }) => outcome.entry !== undefined)
    t.ok(taken.length > 0)
    const rules = wordRules(name)
    const lost = taken.flatMap(({ record, outcome }) => lostWords(record.toString(), outcome, rules))
    t.same(lost, [])
    const changed = taken.filter(({ outcome: { entry = {} } }) => !isDeepStrictEqual(readAgain(entry), entry))
    t.same(changed.map(textOf), [])
  })

  t.test(`${name} begins a record with what it takes of its fixtures`, async (t) => {
    const lines = records.filter((record) => !record.includes(0x0a) && outcomeOf(create(), lineOf(record)).entry)
    const { startsRecord } = create()
    const missed = lines.filter((record) => startsRecord !== undefined && !create().startsRecord?.(lineOf(record)))
    t.same(missed.map(String), [])
  })

  t.test(`${name} makes of a record the same whatever came before`, async (t) => {
    const random = new Random(SEED)
    const plain = FORMATS.flatMap(({ records }) => records)
    const sample = [
      ...Array.from({ length: 24 }, () => random.of(records)),
      ...Array.from({ length: 16 }, () => mutated(random.of(records), random, random.of(plain))),
      ...Array.from({ length: 4 }, () => random.of(plain)),
      Buffer.alloc(0),
    ]
    const alone = sample.map((record) => outcomeOf(create(), lineOf(record)))
    const shared = create()
    for (const [i, before] of sample.entries()) {
      for (const [j, record] of sample.entries()) {
        outcomeOf(shared, lineOf(before))
        const { text, facts } = outcomeOf(shared, lineOf(record))
        if (text === alone[j]?.text && (alone[j].entry === undefined || same(facts, alone[j].facts))) continue
        t.same(
          { text, facts },
          { text: alone[j]?.text, facts: alone[j]?.facts },
          `${record} after ${sample[i]}, SEED=${SEED}`,
        )
        return
      }
    }
    t.pass(`${sample.length} records in all pairs`)
  })
}

function textOf({ outcome }: { outcome: Outcome }): string {
  return outcome.text
}

function same(a: object, b: object): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

t.test('auto makes of every file what its format makes', async (t) => {
  let compared = 0
  for (const { name, create, files } of CHOICES) {
    const differing = files.flatMap(({ records }) => {
      const auto = new AutoFormat(context)
      return records.map((record) => difference(create(), auto, record))
    })
    compared += differing.length
    t.same(differing.filter(Boolean), [], name)
  }
  t.ok(compared > 1000)
})

t.test('auto that has decided on one format makes of the lines of another what that makes', async (t) => {
  for (const decided of CHOICES) {
    for (const other of CHOICES.filter((format) => format !== decided)) {
      const auto = decidedBy(decided)
      const differing = other.files.flatMap(({ records }) =>
        records.slice(0, 2).map((record) => {
          const found = difference(other.create(), auto, record)
          // A format that fits again and again takes over, which is not the matter here.
          for (const again of decided.records.slice(0, 2)) outcomeOf(auto, lineOf(again))
          return found
        }),
      )
      t.equal(auto.name, decided.name)
      t.same(differing.filter(Boolean), [], `${other.name} after ${decided.name}`)
    }
  }
})

/** What auto makes otherwise of a record that fits the format. */
function difference(format: FormatParser, auto: AutoFormat, record: Buffer): object | undefined {
  const own = outcomeOf(format, lineOf(record)).entry
  const found = outcomeOf(auto, lineOf(record)).entry
  if (own === undefined || isDeepStrictEqual(essenceOf(found), essenceOf(own))) return undefined
  return { record: String(record), by: auto.lastName, own: essenceOf(own), found: essenceOf(found) }
}

function decidedBy({ name, records }: Subject): AutoFormat {
  const auto = new AutoFormat(context)
  for (const record of records) {
    outcomeOf(auto, lineOf(record))
    if (auto.name === name) break
  }
  return auto
}

function essenceOf(entry: Record<string, unknown> | undefined): unknown {
  return { timestamp: entry?.timestamp, level: entry?.level, message: entry?.message }
}
