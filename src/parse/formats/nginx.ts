/**
 * `parse: nginx`: access logs (the predefined `combined` and what is usually added to it), and the error log. Access logs with
 * `escape=json` are JSON, and no lines of this format.
 */
import { EntryWriter } from '../entry-writer.ts'
import { isDigit } from '../json-bytes.ts'
import type { EntryFacts, FormatParser, Line, LineContext, NdjsonBuffer } from '../line.ts'
import { RecordBytes } from '../record.ts'
import { AccessLog } from './access-log.ts'
import { NginxError } from './nginx-error.ts'

const SLASH = 0x2f
const DASH = 0x2d
const BRACKET = 0x5b
const SPACE = 0x20
const BRACE = 0x7b
const LETTER_N = 0x6e
const NGINX_BYTES = Buffer.from('nginx: [')
/** Where a request's time stands in an access line; only asked for lines between two of the error log. */
const MAX_HEAD_BYTES = 256

export function createNginxParser(context: LineContext): FormatParser {
  return new NginxParser(context)
}

class NginxParser implements FormatParser {
  readonly #record = new RecordBytes()
  readonly #writer: EntryWriter
  readonly #access: AccessLog
  readonly #error: NginxError
  /** The record that began last is one of the error log, which may have several lines. */
  #isInError = false

  constructor(context: LineContext) {
    this.#writer = new EntryWriter(context, this.#record)
    this.#access = new AccessLog(this.#record, this.#writer)
    this.#error = new NginxError(this.#record, this.#writer)
  }

  tryParse(line: Line, out: NdjsonBuffer, facts: EntryFacts): string | undefined {
    this.#record.take(line)
    this.#writer.begin(line)
    const { bytes, start, end } = this.#record
    const misfit = isErrorStart(bytes, start, end) ? this.#error.read() : this.#access.read()
    if (misfit !== undefined) return misfit
    this.#writer.end(line, out, facts)
    return undefined
  }

  /** An access is a line; only errors go on. */
  get mayGoOn(): boolean {
    return this.#isInError
  }

  /** What a FastCGI program said goes into the error log as it is, with its line ends (a PHP stack trace, say). */
  startsRecord(line: Line): boolean {
    const { bytes, start, end } = line
    if (isErrorStart(bytes, start, end)) {
      this.#isInError = true
      return true
    }
    if (this.#isInError && !isAccessStart(bytes, start, end)) return false
    this.#isInError = false
    return true
  }
}

/** A line of the error log, `2024/01/15 08:00:00 [error] 7#7: …`, or what nginx says before it has one: `nginx: [emerg] …`. */
function isErrorStart(bytes: Buffer, start: number, end: number): boolean {
  const first = bytes[start] ?? 0
  if (first === LETTER_N) return end - start > NGINX_BYTES.length && startsWith(bytes, start, NGINX_BYTES)
  if (bytes[start + 4] !== SLASH || bytes[start + 7] !== SLASH || bytes[start + 10] !== SPACE) return false
  return end - start > 21 && isDigit(first) && bytes[start + 20] === BRACKET
}

function startsWith(bytes: Buffer, start: number, prefix: Buffer): boolean {
  return bytes.compare(prefix, 0, prefix.length, start, start + prefix.length) === 0
}

/** A time in brackets stands where that of a request would, or it is a line of JSON. */
function isAccessStart(bytes: Buffer, start: number, end: number): boolean {
  if (bytes[start] === BRACE) return true
  const limit = Math.min(end - 4, start + MAX_HEAD_BYTES)
  for (let i = start; i < limit; i++) {
    if (bytes[i] !== SPACE || bytes[i + 1] !== BRACKET || !isDigit(bytes[i + 2] ?? 0)) continue
    const mark = bytes[i + 4] === SLASH ? SLASH : bytes[i + 6]
    if (isDigit(bytes[i + 3] ?? 0) && (mark === SLASH || mark === DASH)) return true
  }
  return false
}
