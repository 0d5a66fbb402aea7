/**
 * `parse: journal-export`: records as `journalctl -o export` and systemd-journal-remote write them
 * (systemd.io/JOURNAL_EXPORT_FORMATS). A record is a block of fields, a line each: `KEY=value`, or, when a value has line ends
 * or control characters, `KEY`, LF, the length of the value as 64 bits, least significant byte first, and the value.
 *
 * Lines may come without the blank ones among them; those within a value are missing then, too, so that lengths promise more
 * than there is, or have lost a byte that was LF itself. A value whose length does not lead to the end of a line goes up
 * to the next line that is a field.
 *
 * MESSAGE, PRIORITY and the time become the entry's own (the time the sender says, as journalctl shows it, else that of the
 * journal); `metadata` has the tag as `app_name`, `pid`, `hostname`, `unit`, and everything else under its own name.
 */
import { isUtf8 } from 'node:buffer'
import type { EntryFacts, FormatParser, Line, LineContext, NdjsonBuffer } from '../line.ts'
import { PairWriter } from '../pair-writer.ts'
import { RecordBytes } from '../record.ts'
import { isFaithfulNumber } from './logfmt-values.ts'

const LF = 0x0a
const EQUALS = 0x3d
/** Longer ones journald refuses. */
const MAX_KEY_BYTES = 64
const LENGTH_BYTES = 8
const CURSOR = Buffer.from('__CURSOR=')

const SOURCE_TIME = '_SOURCE_REALTIME_TIMESTAMP'
const TIME = '__REALTIME_TIMESTAMP'

const PID = /^[1-9]\d{0,9}$/

const NAMES: ReadonlyMap<string, string> = new Map([
  ['SYSLOG_IDENTIFIER', 'app_name'],
  ['_PID', 'pid'],
  ['_HOSTNAME', 'hostname'],
  ['_SYSTEMD_UNIT', 'unit'],
])

export function createJournalExportParser(context: LineContext): FormatParser {
  return new JournalExportParser(context)
}

class JournalExportParser implements FormatParser {
  readonly #record = new RecordBytes()
  readonly #pairs: PairWriter
  /** The record as it stands: lengths count its bytes, not those of its text. */
  #bytes: Buffer = CURSOR
  #end = 0
  /** A value had bytes that are not UTF-8. */
  #hasInvalidUtf8 = false
  /** µs since 1970, as text. */
  #time = ''
  #sourceTime = ''
  /** The value of the field read last. */
  #valueStart = 0
  #valueEnd = 0

  constructor(context: LineContext) {
    this.#pairs = new PairWriter(context, this.#record)
  }

  startsRecord(line: Line): boolean {
    return beginsWithCursor(line)
  }

  tryParse(line: Line, out: NdjsonBuffer, facts: EntryFacts): string | undefined {
    const { bytes, start, end } = line
    const isWhole = beginsWithCursor(line)
    // What was cut off from its head, and what was never in a journal, has no cursor.
    if (!isWhole && !isField(bytes, start, end)) return 'does not begin with a journal field'
    this.#record.take(line)
    this.#bytes = bytes
    this.#end = end
    this.#hasInvalidUtf8 = false
    this.#pairs.begin()
    this.#time = ''
    this.#sourceTime = ''
    let hasMessage = false
    for (let at = start; at < end; ) {
      if (bytes[at] === LF) {
        at++
        continue
      }
      const keyEnd = this.#key(at)
      if (keyEnd < 0) return 'a line that is no journal field'
      const key = bytes.toString('latin1', at, keyEnd)
      at = this.#value(keyEnd)
      if (key === 'MESSAGE') hasMessage = true
      this.#add(key)
    }
    if (!isWhole && !hasMessage && this.#time === '' && this.#sourceTime === '') return 'neither time nor message'
    this.#addTimes()
    this.#pairs.end(line, out, facts)
    facts.hasInvalidUtf8 = this.#hasInvalidUtf8
    return undefined
  }

  /** The end of the key of the field at `at`, or −1 when there is none. */
  #key(at: number): number {
    const bytes = this.#bytes
    const last = Math.min(this.#end, at + MAX_KEY_BYTES + 1)
    for (let i = at; i < last; i++) {
      const byte = bytes[i] ?? 0
      if (byte === EQUALS || byte === LF) return i > at ? i : -1
      if (!isKeyByte(byte)) return -1
    }
    return -1
  }

  /** Finds the value after the key that ends at `at`; returns where the next field begins. */
  #value(at: number): number {
    const bytes = this.#bytes
    const end = this.#end
    if (bytes[at] === EQUALS) {
      const lf = bytes.indexOf(LF, at)
      this.#valueStart = at + 1
      this.#valueEnd = lf < 0 || lf > end ? end : lf
      return this.#valueEnd + 1
    }
    const start = at + 1 + LENGTH_BYTES
    const length = at + 1 + LENGTH_BYTES <= end ? Number(bytes.readBigUInt64LE(at + 1)) : Number.POSITIVE_INFINITY
    const stop = start + length
    if (stop === end || (stop < end && bytes[stop] === LF && (stop + 1 === end || isField(bytes, stop + 1, end)))) {
      this.#valueStart = start
      this.#valueEnd = stop
      return stop + 1
    }
    return this.#damagedValue(at + 1)
  }

  /** The same where the length is of no use: what comes after its zeros, up to a line that is a field. */
  #damagedValue(at: number): number {
    const bytes = this.#bytes
    const end = this.#end
    const zero = bytes.subarray(at, Math.min(end, at + LENGTH_BYTES)).lastIndexOf(0)
    this.#valueStart = zero < 0 ? at : at + zero + 1
    for (let lf = bytes.indexOf(LF, this.#valueStart); lf >= 0 && lf < end; lf = bytes.indexOf(LF, lf + 1)) {
      if (!isField(bytes, lf + 1, end)) continue
      this.#valueEnd = lf
      return lf + 1
    }
    this.#valueEnd = end
    return end
  }

  #add(key: string): void {
    const start = this.#valueStart
    const end = this.#valueEnd
    const name = NAMES.get(key) ?? key
    if (key === TIME && this.#time === '') this.#time = this.#text(start, end)
    else if (key === SOURCE_TIME && this.#sourceTime === '') this.#sourceTime = this.#text(start, end)
    else {
      this.#pairs.turnToMetadata(key !== 'MESSAGE' && key !== 'PRIORITY')
      this.#addValue(key, name)
    }
  }

  #addValue(key: string, name: string): void {
    const start = this.#valueStart
    const end = this.#valueEnd
    if (!this.#record.hasInvalidUtf8) {
      if (key === '_PID' && isFaithfulNumber(this.#record.view, start, end)) this.#pairs.addBare(name, start, end)
      else this.#pairs.add(name, start, end)
    } else {
      const text = this.#text(start, end)
      this.#pairs.addJson(name, key === '_PID' && PID.test(text) ? text : JSON.stringify(text))
    }
  }

  #text(start: number, end: number): string {
    const bytes = this.#bytes.subarray(start, end)
    if (this.#record.hasInvalidUtf8 && !isUtf8(bytes)) this.#hasInvalidUtf8 = true
    return bytes.toString()
  }

  #addTimes(): void {
    const time = this.#sourceTime || this.#time
    this.#pairs.turnToMetadata(false)
    if (time !== '') this.#pairs.addJson('timestamp', JSON.stringify(time))
    this.#pairs.turnToMetadata(true)
    if (this.#sourceTime !== '' && this.#time !== '') this.#pairs.addJson(TIME, JSON.stringify(this.#time))
  }
}

function beginsWithCursor({ bytes, start, end }: Line): boolean {
  if (start + CURSOR.length > end) return false
  for (let i = 0; i < CURSOR.length; i++) if (bytes[start + i] !== CURSOR[i]) return false
  return true
}

/** A line at `at` is `KEY=…`, or a key alone. */
function isField(bytes: Buffer, at: number, end: number): boolean {
  const first = bytes[at] ?? 0
  if (at >= end || (first >= 0x30 && first <= 0x39)) return false
  const last = Math.min(end, at + MAX_KEY_BYTES + 1)
  for (let i = at; i < last; i++) {
    const byte = bytes[i] ?? 0
    if (byte === EQUALS || byte === LF) return i > at
    if (!isKeyByte(byte)) return false
  }
  return false
}

/** A capital, a digit or `_`. */
function isKeyByte(byte: number): boolean {
  return (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x30 && byte <= 0x39) || byte === 0x5f
}
