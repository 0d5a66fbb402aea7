/** Pairs after a message, as Go's loggers append them: `key="value" n=3 err=<` and lines up to ` >`, or a JSON object. */

import type { PairWriter } from '../pair-writer.ts'
import type { RecordBytes } from '../record.ts'
import { BLANK, isBlank, isName, LF, skipBlanks, wordStop } from './header-words.ts'
import { type ClosingQuote, closingQuote, isFaithfulNumber, unquote } from './logfmt-values.ts'

const QUOTE = 0x22
const EQUALS = 0x3d
const LESS = 0x3c
const GREATER = 0x3e
/** A number that a double may not hold as it is written. */
const LONG_NUMBER = /\d{16}/

export class GoPairs {
  readonly #record: RecordBytes
  readonly #pairs: PairWriter
  readonly #quote: ClosingQuote = { at: 0, isClosed: false, isJson: false }

  constructor(record: RecordBytes, pairs: PairWriter) {
    this.#record = record
    this.#pairs = pairs
  }

  /** Adds the quoted text that begins at `start` as `key`; returns the position after it, or −1 when its quote is not closed. */
  addQuoted(key: string, start: number, end: number): number {
    const { view } = this.#record
    const quote = closingQuote(view, start + 1, end, this.#quote)
    if (!quote.isClosed) return -1
    if (quote.isJson) this.#pairs.addBare(key, start, quote.at + 1)
    else this.#pairs.addJson(key, JSON.stringify(unquote(this.#record.text(start + 1, quote.at)).toWellFormed()))
    return quote.at + 1
  }

  /** Adds the pairs of [start, end); what is not a pair any more goes to `rest`. */
  addAll(start: number, end: number): void {
    const { view } = this.#record
    for (let at = skipSpace(view, start, end); at < end; at = skipSpace(view, at, end)) {
      const next = this.#addPair(at, end)
      if (next < 0) {
        this.#pairs.add('rest', at, end)
        return
      }
      at = next
    }
  }

  /** Adds the members of the JSON object in [start, end), if it is one. */
  addObject(start: number, end: number): boolean {
    const text = this.#record.text(start, end)
    try {
      const object: unknown = JSON.parse(text)
      if (typeof object !== 'object' || object === null || Array.isArray(object)) return false
      if (LONG_NUMBER.test(text)) this.#pairs.add('fields', start, end)
      else for (const [key, value] of Object.entries(object)) this.#pairs.addJson(key, JSON.stringify(value))
      return true
    } catch {
      // No JSON: it is part of the message.
      return false
    }
  }

  #addPair(start: number, end: number): number {
    const { view } = this.#record
    let equals = start
    while (equals < end && view.getUint8(equals) !== EQUALS && view.getUint8(equals) > BLANK) equals++
    if (equals >= end || view.getUint8(equals) !== EQUALS || !isName(view, start, equals)) return -1
    const key = this.#record.text(start, equals)
    const at = equals + 1
    const byte = at < end ? view.getUint8(at) : BLANK
    if (byte === QUOTE) return this.addQuoted(key, at, end)
    if (byte === LESS && (at + 1 === end || view.getUint8(at + 1) === LF)) return this.#addBlock(key, at + 2, end)
    const stop =
      byte === 0x7b || byte === 0x5b
        ? groupStop(view, at, end)
        : Math.min(wordStop(view, at, end), lineEnd(view, at, end))
    if (isFaithfulNumber(view, at, stop)) this.#pairs.addBare(key, at, stop)
    else this.#pairs.add(key, at, stop)
    return stop
  }

  /** klog's values of several lines: `err=<`, the lines indented by a tab, ` >`. */
  #addBlock(key: string, start: number, end: number): number {
    const { view } = this.#record
    for (let at = start; at < end; ) {
      const stop = lineEnd(view, at, end)
      if (stop - at >= 2 && view.getUint8(at) === BLANK && view.getUint8(at + 1) === GREATER) {
        this.#pairs.add(key, Math.min(start, at - 1), at - 1)
        return at + 2
      }
      at = stop + 1
    }
    this.#pairs.add(key, Math.min(start, end), end)
    return end
  }
}

/** The end of a value in braces or brackets, blanks and all; of the word when it is not closed. */
function groupStop(view: DataView, start: number, end: number): number {
  const open = view.getUint8(start)
  let depth = 0
  for (let at = start; at < end; at++) {
    const byte = view.getUint8(at)
    if (byte === open) depth++
    else if (byte === open + 2 && --depth === 0) return at + 1
  }
  return wordStop(view, start, end)
}

function lineEnd(view: DataView, start: number, end: number): number {
  let at = start
  while (at < end && view.getUint8(at) !== LF) at++
  return at
}

function skipSpace(view: DataView, start: number, end: number): number {
  let at = skipBlanks(view, start, end)
  while (at < end && (view.getUint8(at) === LF || isBlank(view.getUint8(at)))) at++
  return at
}
