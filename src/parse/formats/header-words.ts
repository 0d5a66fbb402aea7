/** What the words and bracketed groups of a log header may be, by their bytes. Everything here looks at bytes [start, end) once. */

export const BLANK = 0x20
export const TAB = 0x09
export const LF = 0x0a
export const CR = 0x0d
export const COLON = 0x3a
export const COMMA = 0x2c
export const DASH = 0x2d
export const BAR = 0x7c
export const POINT = 0x2e
export const SLASH = 0x2f
export const AT = 0x40
export const OPEN = 0x5b
export const CLOSE = 0x5d
export const PAREN = 0x28
export const PAREN_CLOSE = 0x29
export const BRACE = 0x7b
export const BRACE_CLOSE = 0x7d

/** Longer than any thread name, class name or context in a header; what is longer is text. */
const MAX_GROUP_BYTES = 512
const MAX_NAME_BYTES = 200

export function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}

export function isUpper(byte: number): boolean {
  return byte >= 0x41 && byte <= 0x5a
}

export function isBlank(byte: number): boolean {
  return byte === BLANK || byte === TAB
}

export function skipBlanks(view: DataView, start: number, end: number): number {
  let at = start
  while (at < end && isBlank(view.getUint8(at))) at++
  return at
}

export function trimEnd(view: DataView, start: number, end: number): number {
  let at = end
  while (at > start && (isBlank(view.getUint8(at - 1)) || view.getUint8(at - 1) === CR)) at--
  return at
}

/** The end of the run of bytes that are no blanks. */
export function wordStop(view: DataView, start: number, end: number): number {
  let at = start
  while (at < end && !isBlank(view.getUint8(at))) at++
  return at
}

/** The position of the bracket that closes the one at `start`, of the same kind; −1 without, or too far away. */
export function closing(view: DataView, start: number, end: number): number {
  const open = view.getUint8(start)
  const close = open === PAREN ? PAREN_CLOSE : open + 2
  const limit = Math.min(end, start + MAX_GROUP_BYTES)
  let depth = 0
  for (let at = start; at < limit; at++) {
    const byte = view.getUint8(at)
    if (byte === open) depth++
    else if (byte === close && --depth === 0) return at
  }
  return -1
}

export function isNumber(view: DataView, start: number, end: number): boolean {
  if (start >= end) return false
  for (let at = start; at < end; at++) if (!isDigit(view.getUint8(at))) return false
  return true
}

/** All letters in it are capitals, and it has one. */
export function isCapital(view: DataView, start: number, end: number): boolean {
  let hasLetter = false
  for (let at = start; at < end; at++) {
    const byte = view.getUint8(at)
    if (byte >= 0x61 && byte <= 0x7a) return false
    if (isUpper(byte)) hasLetter = true
  }
  return hasLetter
}

/** The name of a logger, as it may stand alone: begins with a letter or `_`, no quotes, no `=`, no `//`. */
export function isName(view: DataView, start: number, end: number): boolean {
  if (start >= end || end - start > MAX_NAME_BYTES || !isLetter(view.getUint8(start))) return false
  for (let at = start; at < end; at++) {
    const byte = view.getUint8(at)
    if (!isLetter(byte) && !isNameMark(byte) && !isDigit(byte)) return false
    if (byte === SLASH && at + 1 < end && view.getUint8(at + 1) === SLASH) return false
  }
  return true
}

/**
 * How many parts `org.apache.Foo` has; 0 when it is not of that kind: each part begins with a letter or `_`, and is made of
 * letters, digits, `_`, `$` and `-`. A `:12`, `#method` or `/proxy` at the end of a part is taken.
 */
export function classParts(view: DataView, start: number, end: number): number {
  if (start >= end || end - start > MAX_NAME_BYTES) return 0
  let parts = 0
  let isFirst = true
  for (let at = start; at < end; at++) {
    const byte = view.getUint8(at)
    if (byte === POINT) {
      if (isFirst) return 0
      isFirst = true
    } else if (isFirst) {
      if (!isLetter(byte) && byte !== 0x24 && byte !== 0x3c) return 0
      parts++
      isFirst = false
    } else if (!isLetter(byte) && !isDigit(byte) && !isClassMark(byte)) return 0
  }
  return isFirst ? 0 : parts
}

/** Position of the `:` before a line number at the end (`Foo.java:123`), or −1. */
export function lineNumberColon(view: DataView, start: number, end: number): number {
  let at = end - 1
  while (at > start && isDigit(view.getUint8(at))) at--
  return at > start && at < end - 1 && view.getUint8(at) === COLON ? at : -1
}

/** `Foo.java`, `views.py`, `main.go`, with or without `:123`: the part before a line number ends in a suffix of source files. */
export function isSourceFile(view: DataView, start: number, end: number): boolean {
  const colon = lineNumberColon(view, start, end)
  const stop = colon < 0 ? end : colon
  let point = stop - 1
  while (point > start && stop - point < 7 && view.getUint8(point) !== POINT) point--
  if (view.getUint8(point) !== POINT || point === start) return false
  const suffix = stop - point - 1
  if (suffix === 0) return false
  const first = view.getUint8(point + 1)
  const last = view.getUint8(stop - 1)
  switch (suffix) {
    case 2: // py, go, kt, rb, js, ts
      return colon >= 0 || (first === 0x70 && last === 0x79)
    case 4: // java
      return first === 0x6a && last === 0x61
    case 5: // scala
      return first === 0x73 && last === 0x61
    case 6: // groovy
      return first === 0x67 && last === 0x79
    default:
      return false
  }
}

/** Lower-case or capital hexadecimal digits, `width` of them. */
export function isHex(view: DataView, start: number, width: number): boolean {
  for (let at = start; at < start + width; at++) {
    const byte = view.getUint8(at)
    const lower = byte | 0x20
    if (!isDigit(byte) && (lower < 0x61 || lower > 0x66)) return false
  }
  return true
}

function isLetter(byte: number): boolean {
  const lower = byte | 0x20
  return (lower >= 0x61 && lower <= 0x7a) || byte === 0x5f || byte >= 0x80
}

/** `. $ - / # @ : < > + ~ ( ) [ ] *` */
function isNameMark(byte: number): boolean {
  switch (byte) {
    case POINT:
    case 0x24:
    case DASH:
    case SLASH:
    case 0x23:
    case AT:
    case COLON:
    case 0x3c:
    case 0x3e:
    case 0x2b:
    case 0x7e:
    case PAREN:
    case PAREN_CLOSE:
    case OPEN:
    case CLOSE:
      return true
    default:
      return false
  }
}

function isClassMark(byte: number): boolean {
  return (
    byte === 0x24 ||
    byte === DASH ||
    byte === COLON ||
    byte === 0x23 ||
    byte === SLASH ||
    byte === 0x3c ||
    byte === 0x3e
  )
}

/** The end of a word that a `:` or `|` may end. */
export function tightStop(view: DataView, start: number, end: number): number {
  let at = start
  while (at < end && !isBlank(view.getUint8(at)) && view.getUint8(at) !== COLON && view.getUint8(at) !== BAR) at++
  return at
}

/** The end of `08:00:00`, `08:00:00.123` or `08:00:00,123`, or −1. */
export function clockStop(view: DataView, start: number, end: number): number {
  if (end - start < 8 || view.getUint8(start + 2) !== COLON || view.getUint8(start + 5) !== COLON) return -1
  for (const at of CLOCK_DIGITS) if (!isDigit(view.getUint8(start + at))) return -1
  let at = start + 8
  if (at + 1 >= end || (view.getUint8(at) !== POINT && view.getUint8(at) !== COMMA) || !isDigit(view.getUint8(at + 1)))
    return at
  at++
  while (at < end && isDigit(view.getUint8(at))) at++
  return at
}

const CLOCK_DIGITS = [0, 1, 3, 4, 6, 7]

export function mayBeginTime(byte: number): boolean {
  return isDigit(byte) || isUpper(byte)
}

export function mayFollowTime(byte: number): boolean {
  return isBlank(byte) || byte === CLOSE || byte === COLON || byte === BAR || byte === COMMA || byte === OPEN
}
