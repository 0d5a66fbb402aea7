import fc from 'fast-check'
import type { Test } from 'tap'
import type { FormatParser, LineContext } from '../../../src/parse/line.ts'
import { NdjsonBuffer } from '../../../src/parse/line.ts'
import { context, entryIn, lineOf, newFacts } from '../harness.ts'

type Create = (context: LineContext) => FormatParser

/** Record → level, message, and metadata. */
export type Cases = readonly (readonly [string, string, string, Record<string, unknown>?])[]

export function entryOf(create: Create, text: string | Buffer): Record<string, unknown> | string {
  const out = new NdjsonBuffer(8)
  const misfit = create(context).tryParse(lineOf(text), out, newFacts())
  if (misfit === undefined) return entryIn(out, 0)
  if (out.length > 0) throw new Error(`Something was appended for a record that does not fit: ${text}`)
  return misfit
}

export function checkCases(t: Test, create: Create, cases: Cases): void {
  for (const [text, level, message, metadata] of cases) {
    const entry = entryOf(create, text)
    if (typeof entry === 'string') t.equal(entry, undefined, text)
    else
      t.same(
        { level: entry.level, message: entry.message, metadata: entry.metadata },
        { level, message, metadata },
        text,
      )
  }
}

export function checkMisfits(t: Test, create: Create, texts: readonly string[]): void {
  for (const text of texts) t.equal(typeof entryOf(create, text), 'string', text)
}

/**
 * Lines cut, doubled and with bytes changed: nothing throws, what does not fit appends nothing, and every byte of a word
 * of the record is somewhere in the entry.
 */
export function checkMutations(t: Test, create: Create, lines: readonly string[]): void {
  const bytes = fc.constantFrom(...' \t\n-:|[](){}",<>0a\u001bé\\%='.split(''))
  const mutated = fc
    .tuple(fc.constantFrom(...lines), fc.nat(), fc.nat(8), fc.array(bytes, { maxLength: 4 }))
    .map(([line, at, cut, put]) => {
      const position = at % (line.length + 1)
      return line.slice(0, position) + put.join('') + line.slice(position + cut)
    })
  let fitting = 0
  fc.assert(
    fc.property(mutated, (text) => {
      create(context).startsRecord?.(lineOf(text))
      const entry = entryOf(create, text)
      if (typeof entry === 'string') return
      fitting++
      const said = JSON.stringify(entry)
      for (const word of WORDS) if (text.includes(word) && !said.includes(word)) throw new Error(`${word} is lost`)
    }),
    { numRuns: 1500 },
  )
  t.ok(fitting > 100, 'records that fit')
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (random) => {
      create(context).startsRecord?.(lineOf(Buffer.from(random)))
      entryOf(create, Buffer.from(random))
    }),
    { numRuns: 500 },
  )
}

/** Words of the lines that no header drops. */
const WORDS = ['alpha', 'bravo', 'charlie', 'delta', 'echo', '4711']
