/**
 * `parse: logfmt`, as go-kit, logrus, slog, Heroku and many more write it: `key=value` pairs with blanks between. A value
 * with blanks is quoted and escaped as Go does it; a key without a value says true. Values that are JSON numbers become
 * numbers where nothing of them is lost by it (`1.10` and a hash like `12e4567` stay text).
 *
 * A record is taken for logfmt when it begins with a pair and has two, one of them a time, a level or a message; or three of
 * any kind and nothing else. Besides what the notation allows:
 *
 * - words after an unquoted message or date belong to it (`msg=Starting up port=80`, `time=2024-01-15 08:00:00`);
 * - values in single quotes, as auditd writes them;
 * - `t` is a time when it reads as one (Grafana), `at` a level when it is a word for one (Heroku's router, whose `service=5ms`
 *   is how long the request took), `date` and `time` after each other are one time (FortiGate), and so is the number in
 *   auditd's `msg=audit(1364481363.243:24287):`.
 */
import { fieldNumber, KIND } from '../fields.ts'
import { levelOfBytes } from '../level.ts'
import type { EntryFacts, FormatParser, Line, LineContext, NdjsonBuffer } from '../line.ts'
import type { PairKey } from '../pair-keys.ts'
import { PairWriter } from '../pair-writer.ts'
import { RecordBytes } from '../record.ts'
import { TimestampReader } from '../timestamp.ts'
import {
  type ClosingQuote,
  closingQuote,
  isFaithfulNumber,
  isLiteral,
  isMilliseconds,
  unquote,
} from './logfmt-values.ts'
import { indexOfByte } from './span-search.ts'

const SERVICE = fieldNumber('service')

const BLANK = 0x20
const QUOTE = 0x22
const APOSTROPHE = 0x27
const COLON = 0x3a
const EQUALS = 0x3d
const AUDIT = 'audit('
const CLOCK = /^ time="?(\d\d:\d\d:\d\d)"?(?: |$)/
const ZONE = / tz="([+-]\d\d:?\d\d)"/

export function createLogfmtParser(context: LineContext): FormatParser {
  return new LogfmtParser(context)
}

class LogfmtParser implements FormatParser {
  readonly #record = new RecordBytes()
  readonly #pairs: PairWriter
  readonly #time: TimestampReader
  readonly #quote: ClosingQuote = { at: 0, isClosed: false, isJson: false }
  /** An unquoted message or date that may go on. */
  #open: PairKey | undefined
  #openStart = 0
  #openEnd = 0
  #pairCount = 0
  #wordCount = 0
  /** There is a time, a level or a message. */
  #isTelling = false

  constructor(context: LineContext) {
    this.#pairs = new PairWriter(context, this.#record)
    this.#time = new TimestampReader(context.times)
  }

  tryParse(line: Line, out: NdjsonBuffer, facts: EntryFacts): string | undefined {
    if (!beginsWithKey(line)) return 'does not begin with key=value'
    this.#record.take(line)
    this.#pairs.begin()
    this.#open = undefined
    this.#pairCount = 0
    this.#wordCount = 0
    this.#isTelling = false
    this.#time.readMs = line.readMs
    const misfit = this.#tokens(line.isTruncated || line.isPartial)
    if (misfit !== undefined) return misfit
    this.#close()
    const isPure = this.#wordCount === 0 && this.#pairCount >= 3
    if (!isPure && (!this.#isTelling || this.#pairCount < 2)) return 'no time, level or message among the pairs'
    if (this.#wordCount > this.#pairCount) return 'more words than pairs'
    this.#pairs.end(line, out, facts)
    return undefined
  }

  /** Writes all pairs, or says why there is something else. */
  #tokens(isCut: boolean): string | undefined {
    const { bytes, view, end } = this.#record
    const { keys } = this.#pairs
    let at = this.#record.start
    for (;;) {
      while (at < end && view.getUint8(at) <= BLANK) at++
      if (at >= end) return undefined
      const start = at
      let byte = 0
      while (at < end) {
        byte = view.getUint8(at)
        if (byte <= BLANK || byte === EQUALS || byte === QUOTE) break
        at++
      }
      if (at < end && byte === QUOTE) return 'a quote where a key is due'
      if (at >= end || byte <= BLANK) {
        this.#word(start, at)
        continue
      }
      if (at === start) return 'a value without a key'
      const key = keys.at(bytes, view, start, at)
      at = this.#value(key, at + 1, isCut)
      if (at < 0) return 'text beside a quoted value'
    }
  }

  /** The value at `start`: the position after it, or −1. */
  #value(key: PairKey, start: number, isCut: boolean): number {
    this.#close()
    this.#pairCount++
    if (key.kind === KIND.time || key.kind === KIND.level || key.isMessage) this.#isTelling = true
    const { bytes, view, end } = this.#record
    const first = start < end ? view.getUint8(start) : BLANK
    if (first === QUOTE) {
      const quote = closingQuote(view, start + 1, end, this.#quote)
      const after = quote.isClosed ? quote.at + 1 : end
      if (!quote.isClosed && !isCut) return -1
      if (after < end && view.getUint8(after) > BLANK) return -1
      if (quote.isJson && quote.isClosed) this.#quoted(key, start, after)
      else this.#pairs.addJson(key, JSON.stringify(unquote(bytes.toString('utf8', start + 1, quote.at)).toWellFormed()))
      return after
    }
    if (first === APOSTROPHE) {
      const quote = indexOfByte(view, APOSTROPHE, start + 1, end)
      if (quote > 0 && (quote + 1 === end || view.getUint8(quote + 1) <= BLANK)) {
        this.#pairs.add(key, start + 1, quote)
        return quote + 1
      }
    }
    let stop = start
    while (stop < end && view.getUint8(stop) > BLANK) stop++
    return this.#bare(key, start, stop)
  }

  #quoted(key: PairKey, start: number, end: number): void {
    if (key.name === 't' && this.#time.readAny(this.#record.view, start + 1, end - 1) === end - 1)
      this.#asTime(start + 1, end - 1)
    else this.#pairs.addBare(key, start, end)
  }

  #bare(key: PairKey, start: number, end: number): number {
    const { view } = this.#record
    const pairs = this.#pairs
    if (key.name.length <= 4) {
      const after = this.#alias(key.name, start, end)
      if (after >= 0) return after
    }
    switch (key.kind) {
      case KIND.time:
        this.#openAt(key, start, end)
        return end
      case KIND.text:
        if (key.isMessage) this.#message(key, start, end)
        else if (key.field === SERVICE && isMilliseconds(view, start, end)) pairs.addBare('duration_ms', start, end - 2)
        else pairs.add(key, start, end)
        return end
      case KIND.unknown:
        if (isLiteral(view, start, end)) {
          pairs.addBare(key, start, end)
          return end
        }
    }
    if (isFaithfulNumber(view, start, end)) pairs.addBare(key, start, end)
    else pairs.add(key, start, end)
    return end
  }

  /** Keys that mean what their names do not say: the position after their value when it is one of them, else −1. */
  #alias(name: string, start: number, end: number): number {
    const { bytes, view } = this.#record
    if (name === 't' && this.#time.read(view, start, end)) {
      this.#asTime(start, end)
      return end
    }
    if (name === 'at' && levelOfBytes(view, start, end) >= 0) {
      this.#isTelling = true
      this.#pairs.add('level', start, end)
      return end
    }
    if (name === 'date' && end - start === 10) {
      const rest = bytes.toString('latin1', end, this.#record.end)
      const clock = CLOCK.exec(rest.slice(0, 24))?.[1]
      if (clock === undefined) return -1
      const day = bytes.toString('latin1', start, end)
      this.#isTelling = true
      this.#pairs.addJson('time', JSON.stringify(`${day}T${clock}${ZONE.exec(rest)?.[1] ?? ''}`))
      return bytes.indexOf(clock, end, 'latin1') + clock.length + (bytes[end + 6] === QUOTE ? 1 : 0)
    }
    return -1
  }

  #asTime(start: number, end: number): void {
    this.#isTelling = true
    this.#pairs.add('time', start, end)
  }

  #message(key: PairKey, start: number, end: number): void {
    const { bytes, view } = this.#record
    if (
      end > start &&
      view.getUint8(start) === 0x61 &&
      bytes.toString('latin1', start, start + AUDIT.length) === AUDIT
    ) {
      const colon = indexOfByte(view, COLON, start, end)
      if (colon > 0 && this.#time.readEpoch(view, start + AUDIT.length, colon)) {
        this.#pairs.add('time', start + AUDIT.length, colon)
        this.#pairs.add('audit', start, end)
        return
      }
    }
    this.#openAt(key, start, end)
  }

  #openAt(key: PairKey, start: number, end: number): void {
    this.#open = key
    this.#openStart = start
    this.#openEnd = end
  }

  /** A word without a value. */
  #word(start: number, end: number): void {
    if (this.#open !== undefined) {
      this.#openEnd = end
      return
    }
    this.#wordCount++
    const { bytes, view } = this.#record
    this.#pairs.addJson(this.#pairs.keys.at(bytes, view, start, end), 'true')
  }

  #close(): void {
    if (this.#open === undefined) return
    this.#pairs.add(this.#open, this.#openStart, this.#openEnd)
    this.#open = undefined
  }
}

/** A letter or `_`, then what keys are made of, then `=`. */
function beginsWithKey({ bytes, start, end }: Line): boolean {
  const last = Math.min(end, start + 128)
  for (let at = start; at < last; at++) {
    const byte = bytes[at] ?? 0
    const lower = byte | 0x20
    if ((lower >= 0x61 && lower <= 0x7a) || byte === 0x5f || byte === 0x40) continue
    if (at === start) return false
    if (byte === EQUALS) return true
    const isInner = (byte >= 0x30 && byte <= 0x39) || byte === 0x2e || byte === 0x2d || byte === 0x2f || byte === 0x23
    if (!isInner) return false
  }
  return false
}
