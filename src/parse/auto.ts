import { RECORD_FORMATS, type RecordFormat } from './formats.ts'
import {
  createEntryFacts,
  type EntryFacts,
  type FormatParser,
  type Line,
  type LineContext,
  NdjsonBuffer,
} from './line.ts'
import { createPlainParser } from './plain.ts'

/** A format that fits this many records more than the chosen one, of those it did not fit, takes its place. */
const VOTES_TO_CHANGE = 5
/** Records of plain text that are all tried with every format; after that one in so many is. */
const TRIED_ALWAYS = 64
const TRIED_EVERY = 16

/**
 * `parse: auto`. The format is decided by the first record that has one, and every record is tried with that first. One that
 * does not fit is given to the others, so that a file of several kinds is read right, too; when another fits again and again,
 * it takes over. What no format fits is plain text, never an error.
 */
export class AutoFormat implements FormatParser {
  readonly #context: LineContext
  readonly #formats = new Map<RecordFormat, FormatParser>()
  readonly #plain: FormatParser
  #name: RecordFormat = 'plain'
  #current: FormatParser
  #rival: RecordFormat = 'plain'
  #votes = 0
  /** Records in a row that were nothing but plain text. */
  #plainCount = 0
  /** The kind of byte that records of the chosen format begin with, of a format whose records are lines. */
  #firstKind = -1
  /** Such a file has records of another format in between, whose records may be several lines: the one in use for these. */
  #guest: FormatParser | undefined
  readonly #scratch = new NdjsonBuffer(1024)
  readonly #facts = createEntryFacts()

  constructor(context: LineContext) {
    this.#context = context
    this.#plain = createPlainParser(context)
    this.#current = this.#plain
  }

  /** The format chosen at present. */
  get name(): RecordFormat {
    return this.#name
  }

  /** The format of the record parsed last. */
  lastName: RecordFormat = 'plain'

  /** Records of the format in use are lines. */
  get isLineWise(): boolean {
    return this.#current.startsRecord === undefined && this.#guest === undefined
  }

  get mayGoOn(): boolean {
    return (this.#guest ?? this.#current).mayGoOn ?? true
  }

  tryParse(line: Line, out: NdjsonBuffer, facts: EntryFacts): undefined {
    if (this.#name !== 'plain') {
      if (this.#current.tryParse(line, out, facts) === undefined) {
        this.lastName = this.#name
        if (this.#votes > 0) this.#votes--
        return
      }
      if (this.#tryOthers(line, out, facts)) return
    } else if (this.#isTried(line) && this.#tryOthers(line, out, facts)) {
      this.#plainCount = 0
      return
    }
    this.lastName = 'plain'
    this.#plain.tryParse(line, out, facts)
  }

  /**
   * Lets the line decide when nothing is decided yet: before it can be asked whether it begins a record, the format must be
   * known.
   */
  decideBy(line: Line): void {
    if (this.#name === 'plain') {
      if (this.#plainCount <= TRIED_ALWAYS) this.#fitting(line)
    } else if (this.#guest === undefined && this.#current.startsRecord === undefined) this.#lookForGuest(line)
  }

  /** An indented line goes on; another one only when no other format would take it either. */
  startsRecord(line: Line): boolean {
    const format = this.#guest ?? this.#current
    if (format.startsRecord?.(line) ?? true) return true
    const first = line.bytes[line.start]
    if (first === 0x20 || first === 0x09) return false
    if (this.#guest === undefined) return this.#fitting(line)
    if (!this.#isOfCurrent(line) && this.#otherFitting(line) === undefined) return false
    this.#guest = undefined
    return true
  }

  /**
   * Among lines of JSON a record of Java with its stack trace. A line that begins as the others do is taken for one of them
   * without a look unless the record before was foreign, too, for this is asked for every line.
   */
  #lookForGuest(line: Line): void {
    const kind = byteKind(line.start < line.end ? (line.bytes[line.start] ?? 0) : 0)
    if (kind === this.#firstKind && this.lastName === this.#name) return
    if (this.#isOfCurrent(line)) this.#firstKind = kind
    else {
      const format = this.#otherFitting(line)
      if (format?.startsRecord !== undefined) this.#guest = format
    }
  }

  #isOfCurrent(line: Line): boolean {
    this.#scratch.clear()
    return this.#current.tryParse(line, this.#scratch, this.#facts) === undefined
  }

  /** Another format that fits, without a vote for it. */
  #otherFitting(line: Line): FormatParser | undefined {
    this.#scratch.clear()
    for (const name of Object.keys(RECORD_FORMATS) as RecordFormat[]) {
      if (name === this.#name || name === 'plain') continue
      const format = this.#formatNamed(name)
      if (format.tryParse(line, this.#scratch, this.#facts) === undefined) return format
    }
    return undefined
  }

  /** Another format fits the line; one that does often is chosen. */
  #fitting(line: Line): boolean {
    this.#scratch.clear()
    return this.#tryOthers(line, this.#scratch, this.#facts)
  }

  #isTried({ bytes, start }: Line): boolean {
    this.#plainCount++
    return this.#plainCount <= TRIED_ALWAYS || this.#plainCount % TRIED_EVERY === 0 || bytes[start] === 0x7b
  }

  #tryOthers(line: Line, out: NdjsonBuffer, facts: EntryFacts): boolean {
    for (const name of Object.keys(RECORD_FORMATS) as RecordFormat[]) {
      if (name === this.#name || name === 'plain') continue
      const format = this.#formatNamed(name)
      if (format.tryParse(line, out, facts) !== undefined) continue
      this.#vote(name, format)
      return true
    }
    return false
  }

  #vote(name: RecordFormat, format: FormatParser): void {
    this.lastName = name
    this.#votes = name === this.#rival ? this.#votes + 1 : 1
    this.#rival = name
    if (this.#name !== 'plain' && this.#votes < VOTES_TO_CHANGE) return
    this.#name = name
    this.#current = format
    this.#votes = 0
    this.#firstKind = -1
    this.#guest = undefined
  }

  #formatNamed(name: RecordFormat): FormatParser {
    const format = this.#formats.get(name) ?? RECORD_FORMATS[name](this.#context)
    this.#formats.set(name, format)
    return format
  }
}

/** Digits, letters, and each other byte by itself. */
function byteKind(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x7a ? 0x61 : byte
}
