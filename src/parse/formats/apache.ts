/** `parse: apache`: access logs (common, combined, vhost_combined and what is usually added to them), and the error log of 2.2 and 2.4. */
import { EntryWriter } from '../entry-writer.ts'
import type { EntryFacts, FormatParser, Line, LineContext, NdjsonBuffer } from '../line.ts'
import { RecordBytes } from '../record.ts'
import { AccessLog } from './access-log.ts'
import { ApacheError } from './apache-error.ts'

const TAB = 0x09
const SPACE = 0x20
const COLON = 0x3a
const BRACKET = 0x5b

export function createApacheParser(context: LineContext): FormatParser {
  return new ApacheParser(context)
}

class ApacheParser implements FormatParser {
  readonly #record = new RecordBytes()
  readonly #writer: EntryWriter
  readonly #access: AccessLog
  readonly #error: ApacheError
  /** The record that began last is one of the error log. */
  #isInError = false

  constructor(context: LineContext) {
    this.#writer = new EntryWriter(context, this.#record)
    this.#access = new AccessLog(this.#record, this.#writer)
    this.#error = new ApacheError(this.#record, this.#writer)
  }

  tryParse(line: Line, out: NdjsonBuffer, facts: EntryFacts): string | undefined {
    this.#record.take(line)
    this.#writer.begin(line)
    const { bytes, start } = this.#record
    // `[::1]:80` is a virtual host.
    const isError = bytes[start] === BRACKET && bytes[start + 1] !== COLON
    const misfit = isError ? this.#error.read() : this.#access.read()
    if (misfit !== undefined) return misfit
    this.#writer.end(line, out, facts)
    return undefined
  }

  /** An access is a line; only errors go on. */
  get mayGoOn(): boolean {
    return this.#isInError
  }

  /**
   * Apache escapes line ends in its error log, so its records are lines. What programs it runs say there comes without a
   * header; only what they indent goes on with the record before.
   */
  startsRecord(line: Line): boolean {
    const first = line.bytes[line.start] ?? 0
    if (this.#isInError && (first === SPACE || first === TAB)) return false
    this.#isInError = first === BRACKET && line.bytes[line.start + 1] !== COLON
    return true
  }
}
