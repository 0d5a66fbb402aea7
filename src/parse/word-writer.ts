/**
 * The output of an entry that is put together from many short spans. Eight bytes are moved at a time: a call of `copy` costs 40 ns
 * whatever the length, and a byte takes as long as eight. They go through doubles, which keep every bit but those of NaN, and no
 * eight bytes of UTF-8 are one (it would have to have 0xff, or 0x7f after a byte that cannot stand before it). What is moved too much
 * is overwritten by what comes next, so there is always room for some more bytes than are written.
 */
import { writeNumber } from './digits.ts'
import { NdjsonBuffer } from './line.ts'
import type { RecordBytes } from './record.ts'
import { appendEscaped, appendSpan } from './span-writer.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
/** Room after every span: for the bytes moved too much, and for quotes, commas and numbers. */
const SLACK_BYTES = 64
/** From here on a call of `copy` is quicker. */
const LONG_BYTES = 512

/** Text that is written for many entries. */
export interface Constant {
  readonly words: Float64Array
  readonly length: number
}

/** `text` must be well-formed. */
export function constant(text: string): Constant {
  const bytes = Buffer.from(text)
  const padded = new Uint8Array(Math.ceil(bytes.length / 8) * 8)
  padded.set(bytes)
  const view = new DataView(padded.buffer)
  return {
    words: Float64Array.from({ length: padded.length / 8 }, (_, i) => view.getFloat64(i * 8, true)),
    length: bytes.length,
  }
}

/** Gives it another text of the same length: the bytes at `at`, which SLACK_BYTES follow. */
export function refill({ words }: Constant, bytes: Buffer, at: number): void {
  for (let i = 0; i < words.length; i++) words[i] = bytes.readDoubleLE(at + i * 8)
}

export class WordWriter {
  #out = new NdjsonBuffer(0)
  #bytes: Buffer = Buffer.alloc(0)
  #view: DataView = new DataView(new ArrayBuffer(0))
  /** Where the next byte goes. Behind it there is always room for SLACK_BYTES. */
  #at = 0
  /** `#at` may come up to here. */
  #limit = 0

  /** Goes on where `out` ends. `land` must be called before anybody else writes into it. */
  aim(out: NdjsonBuffer): void {
    out.reserve(SLACK_BYTES)
    this.#out = out
    this.#at = out.length
    if (out.bytes === this.#bytes) return
    this.#bytes = out.bytes
    this.#limit = out.bytes.length - SLACK_BYTES
    this.#view = new DataView(out.bytes.buffer, out.bytes.byteOffset, out.bytes.length)
  }

  land(): void {
    this.#out.length = this.#at
  }

  constant({ words, length }: Constant): void {
    if (this.#at + length > this.#limit) this.#grow(length)
    const view = this.#view
    const at = this.#at
    this.#at = at + length
    const count = words.length
    view.setFloat64(at, words[0] ?? 0, true)
    if (count === 1) return
    view.setFloat64(at + 8, words[1] ?? 0, true)
    if (count === 2) return
    view.setFloat64(at + 16, words[2] ?? 0, true)
    for (let i = 3; i < count; i++) view.setFloat64(at + i * 8, words[i] ?? 0, true)
  }

  /** Room for a few bytes is always there; they must be written by `bytes` and counted by `skipTo`. */
  get bytes(): Buffer {
    return this.#bytes
  }

  get at(): number {
    return this.#at
  }

  skipTo(at: number): void {
    this.#at = at
    if (at > this.#limit) this.#grow(0)
  }

  /** Puts another byte where one was written. */
  replace(at: number, byte: number): void {
    this.#view.setUint8(at, byte)
  }

  /** A whole number from 0 to 2^53 − 1. */
  number(value: number): void {
    if (value < 100 || value > 999) return this.skipTo(writeNumber(this.#bytes, this.#at, value))
    const hundreds = (value / 100) | 0
    const tens = ((value - hundreds * 100) / 10) | 0
    this.#view.setUint8(this.#at, 0x30 + hundreds)
    this.#view.setUint8(this.#at + 1, 0x30 + tens)
    this.#view.setUint8(this.#at + 2, 0x30 + value - hundreds * 100 - tens * 10)
    this.skipTo(this.#at + 3)
  }

  json(text: string): void {
    this.land()
    this.#out.appendText(text)
    this.aim(this.#out)
  }

  copy(bytes: Buffer): void {
    this.#grow(bytes.length)
    appendSpan(this.#out, bytes, 0, bytes.length)
    this.aim(this.#out)
  }

  /** Digits: bytes [start, end) of the record. */
  digits(record: RecordBytes, start: number, end: number): void {
    if (this.#at + end - start > this.#limit) this.#grow(end - start)
    const source = record.view
    const view = this.#view
    let at = this.#at
    this.#at = at + end - start
    for (let i = start; i < end; i++, at++) view.setUint8(at, source.getUint8(i))
  }

  /** Bytes [start, end) of the record, which need no escapes in a JSON string, and its closing quote. */
  plain(record: RecordBytes, start: number, end: number): void {
    if (this.#at + end - start > this.#limit) this.#grow(end - start)
    const source = record.view
    const view = this.#view
    let at = this.#at
    const stop = at + end - start
    this.#at = stop + 1
    view.setUint8(stop, QUOTE)
    const last = end - 8
    let i = start
    for (; i < last; i += 8, at += 8) view.setFloat64(at, source.getFloat64(i, true), true)
    // The last eight overlap those before.
    if (last >= start) view.setFloat64(stop - 8, source.getFloat64(last, true), true)
    else for (; i < end; i++, at++) view.setUint8(at, source.getUint8(i))
  }

  /** Bytes [start, end) of the record as they stand in a JSON string, and its closing quote. */
  text(record: RecordBytes, start: number, end: number): void {
    if (this.#at + end - start > this.#limit) this.#grow(end - start)
    const source = record.view
    const view = this.#view
    let at = this.#at
    let i = start
    // The same test as in `stringStop`.
    for (const last = end - start < LONG_BYTES ? end - 4 : -1; i <= last; i += 4, at += 4) {
      const word = source.getInt32(i, true)
      const low = word ^ 0x02020202
      const slash = word ^ 0x5c5c5c5c
      if (((((low - 0x21212121) & ~low) | ((slash - 0x01010101) & ~slash)) & 0x80808080) !== 0) break
      view.setInt32(at, word, true)
    }
    if (end - i < 4) {
      for (; i < end; i++, at++) {
        const byte = source.getUint8(i)
        if (byte < 0x20 || byte === QUOTE || byte === BACKSLASH) break
        view.setUint8(at, byte)
      }
    }
    this.#at = at
    if (i < end) {
      this.land()
      appendEscaped(this.#out, record.bytes, { view: source, start: i, end })
      this.aim(this.#out)
    }
    this.#view.setUint8(this.#at, QUOTE)
    this.skipTo(this.#at + 1)
  }

  #grow(count: number): void {
    this.land()
    this.#out.reserve(count + SLACK_BYTES)
    this.aim(this.#out)
  }
}
