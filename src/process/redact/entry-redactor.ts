/**
 * The fast way: walks over the JSON of a finished entry, looks for secrets in its strings and long numbers where they lie, and
 * changes the bytes. A string with escapes is unescaped first, so that what is searched is always the text itself.
 * What it leaves to ObjectRedactor by saying `unsure`: hits in keys, whole arrays and objects under a secret's name, numbers
 * that are written oddly, and members of which nothing is left.
 */
import { skipBlanks, stringStop } from '../../parse/json-bytes.ts'
import { NdjsonBuffer } from '../../parse/line.ts'
import { appendEscaped } from '../../parse/span-writer.ts'
import { Edits } from './edits.ts'
import { appendUnescaped, stringEnd } from './json-text.ts'
import type { Masks } from './masks.ts'
import { ROLE, type Role, roleOfBytes } from './roles.ts'
import { SearchedText } from './searched-text.ts'
import type { SecretScanner } from './secret-scanner.ts'

const QUOTE = 0x22
/** Digits of the shortest number that is searched (CPF). */
const MIN_NUMBER_DIGITS = 11
/** Digits below 2^53, whatever they are. */
const MAX_EXACT_DIGITS = 15

export class EntryRedactor {
  /** `service`, `version` or `environment` were changed. */
  changedFacts = false
  readonly #scanner: SecretScanner
  readonly #masks: Masks
  readonly #counts: Int32Array
  /** By role: what the agent says itself. */
  readonly #own: readonly (Buffer | undefined)[]
  readonly #edits = new Edits()
  readonly #text = new SearchedText()
  readonly #plain = new NdjsonBuffer(2048)
  readonly #redacted = new NdjsonBuffer(2048)
  #redactedView = new DataView(this.#redacted.bytes.buffer)
  #plainView = new DataView(this.#plain.bytes.buffer)
  #bytes: Buffer = Buffer.alloc(0)
  #view: DataView = new DataView(new ArrayBuffer(0))
  #role: Role = ROLE.searched
  /** Bits of NAMES of the key before. */
  #names = 0

  constructor({
    scanner,
    masks,
    counts,
    own,
  }: {
    readonly scanner: SecretScanner
    readonly masks: Masks
    /** Hits by kind; added to. */
    readonly counts: Int32Array
    readonly own: readonly (Buffer | undefined)[]
  }) {
    this.#scanner = scanner
    this.#masks = masks
    this.#counts = counts
    this.#own = own
  }

  /** The entry is bytes [start, out.length) of `out`, and stays as it is unless the answer is `changed`. */
  redact(out: NdjsonBuffer, start: number): 'same' | 'changed' | 'unsure' {
    if (out.bytes !== this.#bytes) {
      this.#bytes = out.bytes
      this.#view = new DataView(out.bytes.buffer, out.bytes.byteOffset, out.bytes.length)
    }
    this.#edits.clear()
    this.#role = ROLE.searched
    this.#names = 0
    this.changedFacts = false
    if (!this.#walk(start, out.length)) return 'unsure'
    if (this.#edits.count === 0) return 'same'
    this.#edits.apply(out)
    return 'changed'
  }

  /** False: not sure. */
  #walk(start: number, end: number): boolean {
    const view = this.#view
    let depth = 0
    let i = start
    while (i < end) {
      const byte = view.getUint8(i)
      if (byte === QUOTE) {
        const stop = stringStop(view, i + 1, end)
        const isEscaped = stop < end && view.getUint8(stop) !== QUOTE
        const close = isEscaped ? stringEnd(view, stop, end) : stop
        const after = skipBlanks(view, close + 1, end)
        if (after < end && view.getUint8(after) === 0x3a) {
          if (depth === 1) this.#role = roleOfBytes(view, i + 1, close)
          else if (isEscaped || !this.#readKey(i + 1, close)) return false
          i = after + 1
        } else {
          if (this.#role !== ROLE.skipped && !this.#readString(i + 1, close, isEscaped)) return false
          i = after
        }
      } else if (byte <= 0x39 && (byte >= 0x30 || byte === 0x2d)) {
        const after = numberEnd(view, i, end)
        if (this.#role !== ROLE.skipped && !this.#readNumber(i, after)) return false
        i = after
      } else {
        if (byte === 0x7b || byte === 0x5b) {
          if (this.#names !== 0) return false
          depth++
        } else if (byte === 0x7d || byte === 0x5d) depth--
        else if (byte === 0x2c) this.#names = 0
        i++
      }
    }
    return depth === 0
  }

  #readKey(start: number, end: number): boolean {
    const text = this.#text
    text.set(this.#view, start, end)
    this.#scanner.scan(text)
    this.#names = this.#scanner.namesIn(text)
    return this.#scanner.hits.count === 0
  }

  #readString(start: number, end: number, isEscaped: boolean): boolean {
    const text = this.#text
    if (isEscaped) {
      this.#plain.clear()
      appendUnescaped(this.#plain, this.#bytes, { view: this.#view, start, end })
      if (this.#plain.bytes.buffer !== this.#plainView.buffer) this.#plainView = new DataView(this.#plain.bytes.buffer)
      text.set(this.#plainView, 0, this.#plain.length)
    } else text.set(this.#view, start, end)
    const { hits } = this.#scanner
    this.#scanner.scan(text)
    if (this.#names !== 0) this.#scanner.addNamed(text, this.#names)
    if (hits.count === 0 || this.#isOwn(start, end)) return true
    hits.resolve()
    if (this.#masks.mode === 'remove' && isWhole(hits, text)) return false
    if (this.#role !== ROLE.searched) this.changedFacts = true
    if (isEscaped) {
      this.#redacted.clear()
      this.#appendRedacted(this.#redacted)
      const { bytes, length } = this.#redacted
      if (bytes.buffer !== this.#redactedView.buffer) this.#redactedView = new DataView(bytes.buffer)
      appendEscaped(this.#edits.fresh, bytes, { view: this.#redactedView, start: 0, end: length })
      this.#edits.add(start, end)
      return true
    }
    for (let k = 0; k < hits.count; k++) {
      this.#mask(this.#edits.fresh, k)
      this.#edits.add(hits.start(k), hits.end(k))
    }
    return true
  }

  #readNumber(start: number, end: number): boolean {
    const digits = digitsEnd(this.#view, start, end) - start
    if (this.#names === 0) {
      if (end - start < MIN_NUMBER_DIGITS) return true
      // What is short before its point stays a decimal when it is read, and no secret is one.
      if (
        digits < MIN_NUMBER_DIGITS &&
        this.#view.getUint8(start + digits) === 0x2e &&
        !hasExponent(this.#view, start, end)
      ) {
        return true
      }
    }
    // Else it might be another number, or be written in another way, once it was read.
    if (digits !== end - start || digits > MAX_EXACT_DIGITS) return false
    const text = this.#text
    text.set(this.#view, start, end)
    const { hits } = this.#scanner
    this.#scanner.scan(text)
    if (this.#names !== 0) this.#scanner.addNamed(text, this.#names)
    if (hits.count === 0) return true
    if (this.#masks.mode === 'remove') return false
    hits.resolve()
    const { fresh } = this.#edits
    fresh.appendText('"')
    this.#appendRedacted(fresh)
    fresh.appendText('"')
    this.#edits.add(start, end)
    return true
  }

  /** Appends the text with its hits masked. */
  #appendRedacted(out: NdjsonBuffer): void {
    const { hits } = this.#scanner
    const text = this.#text
    let from = text.start
    for (let k = 0; k < hits.count; k++) {
      appendBytes(out, text.view, { start: from, end: hits.start(k) })
      this.#mask(out, k)
      from = hits.end(k)
    }
    appendBytes(out, text.view, { start: from, end: text.end })
  }

  #mask(out: NdjsonBuffer, index: number): void {
    const { hits } = this.#scanner
    const kind = hits.kind(index)
    this.#counts[kind] = (this.#counts[kind] ?? 0) + 1
    this.#masks.append(out, kind, { view: this.#text.view, start: hits.start(index), end: hits.end(index) })
  }

  #isOwn(start: number, end: number): boolean {
    const own = this.#own[this.#role]
    return own !== undefined && own.length === end - start && own.compare(this.#bytes, start, end) === 0
  }
}

/** Nothing of the text is outside of its hits. */
function isWhole(hits: SecretScanner['hits'], text: SearchedText): boolean {
  let rest = text.end - text.start
  for (let k = 0; k < hits.count; k++) rest -= hits.end(k) - hits.start(k)
  return rest === 0
}

function numberEnd(view: DataView, at: number, end: number): number {
  for (let i = at + 1; i < end; i++) {
    const byte = view.getUint8(i)
    const isPart =
      (byte >= 0x30 && byte <= 0x39) || byte === 0x2e || (byte | 0x20) === 0x65 || byte === 0x2b || byte === 0x2d
    if (!isPart) return i
  }
  return end
}

function digitsEnd(view: DataView, at: number, end: number): number {
  let i = at
  while (i < end && view.getUint8(i) >= 0x30 && view.getUint8(i) <= 0x39) i++
  return i
}

function hasExponent(view: DataView, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if ((view.getUint8(i) | 0x20) === 0x65) return true
  return false
}

function appendBytes(out: NdjsonBuffer, view: DataView, { start, end }: { start: number; end: number }): void {
  out.reserve(end - start)
  const { bytes, length } = out
  for (let i = start; i < end; i++) bytes[length + i - start] = view.getUint8(i)
  out.length = length + end - start
}
