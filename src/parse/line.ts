/**
 * One line on its way from a file to a chunk. A single object is refilled for every line (the hot path allocates nothing
 * per line), so whoever keeps something copies it.
 */
export interface Line {
  /** The block the line lies in. */
  bytes: Buffer
  /** First byte of the line in `bytes`. */
  start: number
  /** One past its last byte; the line's end (LF or CRLF) is not part of it. */
  end: number
  /** Byte offset in the file of the line's first byte. */
  offset: number
  /** Wall time of the read, ms: the timestamp of a line that has none. */
  readMs: number
  /** The bytes are known to be well-formed UTF-8. */
  isUtf8: boolean
  /** The line was longer than `max_line` and cut. */
  isTruncated: boolean
  /** The line had no end when its file was finished (rotated, deleted) or idle too long. */
  isPartial: boolean
  /** It goes on where a partial line that is already stored ended. */
  isContinued: boolean
}

/** What an entry gets when its line does not say, and where it was read. */
export interface LineContext {
  readonly service: string
  readonly version: string
  readonly environment: string
  readonly host: string
  readonly source: string
  /** Absolute path. */
  readonly file: string
}

/** What the chunk header must know of an entry; filled by the parser, one object for all lines. */
export interface EntryFacts {
  /** Time of the entry, ms since 1970. */
  timeMs: number
  /** Index into LOG_LEVELS. */
  level: number
  service: string
  /** HTTP status, 0 when there is none. */
  statusCode: number
  /** Seconds, -1 when there is none. */
  durationSeconds: number
  /** The line did not fit its format and was kept whole as the message. */
  hasParseError: boolean
  /** The line had bytes that are not UTF-8; they were replaced by U+FFFD. */
  hasInvalidUtf8: boolean
}

/** Turns a line into one NDJSON line of a LogEntry, appended to `out`, and says in `facts` what it was. Never throws. */
export interface LineParser {
  parse(line: Line, out: NdjsonBuffer, facts: EntryFacts): void
}

/** Bytes under construction: `bytes[0 … length)` is NDJSON. Writers call `reserve` and then write into `bytes` themselves. */
export class NdjsonBuffer {
  bytes: Buffer
  length = 0

  constructor(capacityBytes: number) {
    this.bytes = Buffer.allocUnsafeSlow(capacityBytes)
  }

  /** Makes room for `count` more bytes; `bytes` may be another buffer afterwards. */
  reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.length + count))
    this.bytes.copy(grown, 0, 0, this.length)
    this.bytes = grown
  }

  appendText(text: string): void {
    this.reserve(text.length * 3)
    this.length += this.bytes.write(text, this.length, 'utf8')
  }

  clear(): void {
    this.length = 0
  }
}
