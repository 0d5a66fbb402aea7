import type { FormatName, JoinConfig, ParseConfig } from '../config/steps.ts'
import { AutoFormat } from './auto.ts'
import { createPatternParser } from './formats/pattern.ts'
import { RECORD_FORMATS } from './formats.ts'
import { createJoinRule, type JoinRule } from './join/join-rule.ts'
import type { EntryFacts, FormatParser, Line, LineContext, NdjsonBuffer } from './line.ts'
import { createPlainParser, type PlainParser } from './plain.ts'

/** Of characters of a reason. */
const MAX_REASON = 100

export interface RecordStreamOptions {
  readonly parse: ParseConfig
  readonly join: JoinConfig
  /** The lines are those a frame was taken off. */
  readonly isInFrame: boolean
}

/** One stream of lines: which of them are a record together, and what the record says. */
export class RecordStream {
  readonly #format: FormatParser
  readonly #auto: AutoFormat | undefined
  readonly #rule: JoinRule | undefined
  /** Joining is left to the format. */
  readonly #isByFormat: boolean
  readonly #name: string
  readonly #plain: PlainParser

  constructor({ parse, join, isInFrame }: RecordStreamOptions, context: LineContext) {
    this.#plain = createPlainParser(context)
    this.#name = parse.kind === 'pattern' ? 'pattern' : parse.format
    if (parse.kind === 'pattern') this.#format = createPatternParser(parse, context)
    else if (parse.format === 'auto' || (isFrame(parse.format) && isInFrame)) {
      this.#auto = new AutoFormat(context)
      this.#format = this.#auto
    } else if (isFrame(parse.format)) this.#format = notFramed(parse.format)
    else this.#format = RECORD_FORMATS[parse.format](context)
    this.#isByFormat = join.kind === 'auto'
    this.#rule = createJoinRule(join, this.#format)
  }

  /** The format in use: `nginx`; under auto the one that was decided. */
  get format(): string {
    return this.#auto?.name ?? this.#name
  }

  /** The format of the record parsed last. */
  get lastFormat(): string {
    return this.#auto?.lastName ?? this.#name
  }

  get isAuto(): boolean {
    return this.#auto !== undefined
  }

  /** Whether lines may go together, as far as is known before `line`. */
  joins(line: Line): boolean {
    if (this.#rule === undefined) return false
    if (!this.#isByFormat || this.#auto === undefined) return true
    this.#auto.decideBy(line)
    return !this.#auto.isLineWise
  }

  /** The line is the first of a record. */
  begins(line: Line): boolean {
    return this.#rule?.begins(line) ?? true
  }

  /** The record is complete with this line. */
  ends(line: Line): boolean {
    return this.#rule?.ends?.(line) ?? false
  }

  /** Appends the entry of a record. One that does not fit is kept whole, with the reason beside it. */
  parse(record: Line, out: NdjsonBuffer, facts: EntryFacts): void {
    const reason = this.#tryParse(record, out, facts)
    if (reason !== undefined) this.#plain.parseMisfit(record, out, { facts, reason })
  }

  /** No format throws. If one did, the agent would fall over the same line at each start, so the line is kept as a misfit. */
  #tryParse(record: Line, out: NdjsonBuffer, facts: EntryFacts): string | undefined {
    const before = out.length
    try {
      return this.#format.tryParse(record, out, facts)
    } catch (error) {
      out.length = before
      return `${this.lastFormat} failed: ${error instanceof Error ? error.message : error}`.slice(0, MAX_REASON)
    }
  }
}

function isFrame(format: FormatName): format is 'docker' | 'cri' {
  return format === 'docker' || format === 'cri'
}

/** Lines that should have had a frame and had none: they are kept, as lines that do not fit. */
function notFramed(format: 'docker' | 'cri'): FormatParser {
  return { tryParse: () => `not a line of ${format}` }
}
