/**
 * `parse: {pattern: …}` and `{grok: …}`: the named groups of a regular expression become pairs, which land in the fields they
 * are spellings of, or in `metadata`. Literal text inside of the match is the operator's own to leave out; what stands before
 * or after the match is kept in `unmatched_before` and `unmatched_after`, unless the message is the whole record anyway.
 *
 * Only the beginning of a long record is matched (`matchedChars`). A record of several lines that does not match as a whole
 * is one whose first line matches. A message that ends where the matched text or line ends goes on with the rest.
 */
import { compilePattern, groupsOf, matchedChars } from '../../config/pattern.ts'
import type { ParseConfig } from '../../config/steps.ts'
import { fieldNumber, SPELLINGS } from '../fields.ts'
import type { EntryFacts, FormatParser, Line, LineContext, NdjsonBuffer } from '../line.ts'
import { PairWriter } from '../pair-writer.ts'
import { RecordBytes } from '../record.ts'

type PatternConfig = Extract<ParseConfig, { kind: 'pattern' }>

const MISFIT = 'does not match the pattern'
const MESSAGE = fieldNumber('message')
const LEVEL = fieldNumber('level')
const STATUS_CODE = fieldNumber('status_code')
const METHOD = fieldNumber('method')
/** RFC 8259, 6. */
const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/

interface Group {
  readonly name: string
  readonly key: string
  /** The field it lands in, or −1. */
  readonly field: number
  readonly isNumber: boolean
}

/** @throws {Error} for a pattern that `patternProblem` has something against; the configuration has none. */
export function createPatternParser(config: PatternConfig, context: LineContext): FormatParser {
  return new PatternParser(config, context)
}

class PatternParser implements FormatParser {
  readonly #pattern: RegExp
  readonly #matchedChars: number
  readonly #groups: readonly Group[]
  readonly #record = new RecordBytes()
  readonly #pairs: PairWriter
  /** A record without a level is an access log's, whose status says how bad it was. */
  readonly #isAccessLog: boolean

  constructor({ pattern, keys, numbers }: PatternConfig, context: LineContext) {
    this.#pattern = compilePattern(pattern)
    this.#matchedChars = matchedChars(pattern)
    this.#groups = groupsOf(pattern).map((name) => {
      const key = (Object.hasOwn(keys, name) ? keys[name] : undefined) ?? name
      return { name, key, field: SPELLINGS.get(key)?.field ?? -1, isNumber: numbers.includes(name) }
    })
    const has = (field: number): boolean => this.#groups.some((group) => group.field === field)
    this.#isAccessLog = has(STATUS_CODE) && has(METHOD) && !has(LEVEL)
    this.#pairs = new PairWriter(context, this.#record)
  }

  tryParse(line: Line, out: NdjsonBuffer, facts: EntryFacts): string | undefined {
    const record = this.#record
    record.take(line)
    const whole = record.text(record.start, record.end)
    const text = whole.length > this.#matchedChars ? whole.slice(0, this.#matchedChars) : whole
    const match = this.#match(text) ?? this.#matchFirstLine(text)
    const values = match?.groups
    if (!match || !values) return match ? this.#writeAll(line, out, facts) : MISFIT
    this.#pairs.begin()
    let hasMessage = false
    const end = match.index + match[0].length
    let rest = whole.slice(end)
    for (const { name, key, field, isNumber } of this.#groups) {
      const value = values[name]
      if (value === undefined) continue
      if (field === MESSAGE && !hasMessage) {
        hasMessage = true
        const goesOn = match[0].endsWith(value) && (end === text.length || rest.startsWith('\n'))
        this.#add(key, goesOn ? value + rest : value)
        if (goesOn) rest = ''
      } else if (isNumber && NUMBER.test(value)) this.#pairs.addJson(key, value)
      else this.#add(key, value)
      if (field === STATUS_CODE && this.#isAccessLog) this.#addLevel(value)
    }
    if (hasMessage) {
      this.#addUnmatched('unmatched_before', whole.slice(0, match.index))
      this.#addUnmatched('unmatched_after', rest)
    }
    this.#pairs.end(line, out, facts)
    return undefined
  }

  #matchFirstLine(text: string): RegExpExecArray | null {
    const lf = text.indexOf('\n')
    return lf < 0 ? null : this.#match(text.slice(0, lf))
  }

  #match(text: string): RegExpExecArray | null {
    try {
      return this.#pattern.exec(text)
    } catch {
      return null // The stack of the matcher ran over: a record that cannot be matched does not match.
    }
  }

  /** A pattern without named groups only says which records are its own. */
  #writeAll(line: Line, out: NdjsonBuffer, facts: EntryFacts): undefined {
    this.#pairs.begin()
    this.#pairs.end(line, out, facts)
  }

  #add(key: string, value: string): void {
    this.#pairs.addJson(key, JSON.stringify(value.toWellFormed()))
  }

  #addUnmatched(key: string, text: string): void {
    if (text.trim() !== '') this.#add(key, text)
  }

  #addLevel(status: string): void {
    const kind = /^[45]\d\d$/.test(status) ? status.charAt(0) : ''
    if (kind !== '') this.#add('level', kind === '5' ? 'ERROR' : 'WARNING')
  }
}
