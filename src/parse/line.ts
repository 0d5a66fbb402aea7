/**
 * One record on its way from a file to a chunk: a line, or several that were joined, with the LF between them. A single
 * object is refilled for every record (the hot path allocates nothing per line), so whoever keeps something copies it.
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
  /** What a container runtime wrote around it; undefined in files without. */
  envelope: Envelope | undefined
}

/** The frame a container runtime writes around every line; one object for all lines. */
export interface Envelope {
  /** When the runtime saw the line, ms since 1970: the time of a record that has none of its own. */
  timeMs: number
  /** The same as RFC 3339 in UTC, as it stands in an entry's `timestamp`, without quotes. */
  time: Buffer
  /** Members for `metadata`, as JSON without braces: `"stream":"stderr"`. May be empty. */
  members: Buffer
}

/** How times without a zone, and times of an unusual form, are read. */
export interface TimeRules {
  /** IANA name, or `UTC`: the zone of times that do not name theirs. */
  readonly zone: string
  /** A layout in strftime's notation, tried before the forms that are known. */
  readonly layout?: string
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
  readonly times: TimeRules
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
  /** It had a time that could not be read, or an absurd one; it is in `metadata.timestamp_raw`. */
  hasTimeFallback: boolean
  /** The line had bytes that are not UTF-8; they were replaced by U+FFFD. */
  hasInvalidUtf8: boolean
}

/** Facts to be filled in. */
export function createEntryFacts(): EntryFacts {
  return {
    timeMs: 0,
    level: 0,
    service: '',
    statusCode: 0,
    durationSeconds: -1,
    hasParseError: false,
    hasTimeFallback: false,
    hasInvalidUtf8: false,
  }
}

/** Turns a record into one NDJSON line of a LogEntry, appended to `out`, and says in `facts` what it was. Never throws. */
export interface LineParser {
  parse(line: Line, out: NdjsonBuffer, facts: EntryFacts): void
}

/** One format. Each file has parsers of its own, since they keep what they learn from its lines. */
export interface FormatParser {
  /**
   * Appends the entry of a record of this format and returns undefined. Of any other it appends nothing and says in a few
   * words why it is none ("no timestamp"); `facts` count only after undefined. Never throws, whatever the bytes.
   */
  tryParse(line: Line, out: NdjsonBuffer, facts: EntryFacts): string | undefined
  /**
   * Absent in formats whose records are lines. Else whether a record begins with this line; one that does not goes on with
   * the record before. Asked for every line, so it looks at the first bytes only.
   */
  startsRecord?(line: Line): boolean
  /** After `startsRecord`: false when no line can go on with that one, so that nothing need be waited for. Absent: true. */
  readonly mayGoOn?: boolean
}

/** Bytes under construction: `bytes[0 … length)` is NDJSON. Writers call `reserve` and then write into `bytes` themselves. */
export class NdjsonBuffer {
  bytes: Buffer
  length = 0
  /** Of `bytes`. */
  view: DataView

  constructor(capacityBytes: number) {
    this.bytes = Buffer.allocUnsafeSlow(capacityBytes)
    this.view = viewOf(this.bytes)
  }

  /** Makes room for `count` more bytes; `bytes` may be another buffer afterwards. */
  reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.length + count))
    this.bytes.copy(grown, 0, 0, this.length)
    this.bytes = grown
    this.view = viewOf(grown)
  }

  appendText(text: string): void {
    this.reserve(text.length * 3)
    this.length += this.bytes.write(text, this.length, 'utf8')
  }

  clear(): void {
    this.length = 0
  }
}

function viewOf({ buffer, byteOffset, length }: Buffer): DataView {
  return new DataView(buffer, byteOffset, length)
}
