/** What may stand where RFC 3164 has the host. */

import { isHexDigit } from '../json-bytes.ts'

const SPACE = 0x20
const DASH = 0x2d
const COLON = 0x3a
const MAX_HOST_BYTES = 255

/** What is said without a tag: by daemons, and by senders of events in a form of their own. */
const UNTAGGED = [
  'last message repeated ',
  'message repeated ',
  '--- last message repeated ',
  '-- MARK --',
  'CEF:',
  'LEEF:',
].map((text) => Buffer.from(text))

export function isUntagged(view: DataView, at: number, end: number): boolean {
  const first = at < end ? view.getUint8(at) : 0
  const upper = first & 0xdf
  if (upper !== 0x4c && upper !== 0x4d && first !== DASH && first !== 0x43) return false
  return UNTAGGED.some((text) => isAt(view, at, { end, text }))
}

/** The end of the word at `start`. */
export function wordEnd(view: DataView, start: number, end: number): number {
  let at = start
  while (at < end && view.getUint8(at) !== SPACE) at++
  return at
}

/** The word [start, end) can be a host: a name, an address, `host/relay`, `source@host`, `(none)`. */
export function isHost(view: DataView, start: number, end: number): boolean {
  if (end === start || end - start > MAX_HOST_BYTES || view.getUint8(end - 1) === COLON) return false
  let colonCount = 0
  for (let at = start; at < end; at++) {
    const byte = view.getUint8(at)
    if (!isHostByte(byte)) return false
    // `app:text` is none, `fe80::1` and `10.0.0.1:514` are.
    if (byte === COLON && ++colonCount === 1 && (view.getUint8(at + 1) > COLON || view.getUint8(at + 1) < 0x30))
      if (!isHexDigit(view.getUint8(at + 1))) return false
  }
  return true
}

/** A name no sentence begins with: it has a digit or a point in it, or a dash and no capital. */
export function isTelling(view: DataView, start: number, end: number): boolean {
  if (end - start === 1) return view.getUint8(start) === DASH
  let hasDash = false
  let hasCapital = false
  for (let at = start; at < end; at++) {
    const byte = view.getUint8(at)
    if ((byte >= 0x30 && byte <= 0x39) || (byte === 0x2e && at < end - 1)) return true
    if (byte === DASH) hasDash = true
    if (byte >= 0x41 && byte <= 0x5a) hasCapital = true
  }
  return hasDash && !hasCapital
}

function isHostByte(byte: number): boolean {
  const lower = byte | 0x20
  if ((lower >= 0x61 && lower <= 0x7a) || byte >= 0x80) return true
  // Digits, `-`, `.`, `/`, `:`, `@`, `_`, `#`, `%`, and the parentheses of `(none)`.
  return (
    (byte >= 0x2d && byte <= 0x3a) ||
    byte === 0x40 ||
    byte === 0x5f ||
    byte === 0x23 ||
    byte === 0x25 ||
    byte === 0x28 ||
    byte === 0x29
  )
}

function isAt(view: DataView, at: number, { end, text }: { end: number; text: Buffer }): boolean {
  if (at + text.length > end) return false
  for (let i = 0; i < text.length; i++) if (view.getUint8(at + i) !== text[i]) return false
  return true
}
