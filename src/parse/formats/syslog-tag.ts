/**
 * The tag of a message, and where the message begins: `sshd[12]: `, `kernel: `, `sshd(pam_unix)[12]: `, `postfix/smtpd[12]: `,
 * `app[12] ` (rsyslog, when there was no colon), `%ASA-6-302013: `, `Microsoft Word[12]: `, `syslogd 1.4.1: `, and macOS'
 * `com.apple.xpc.launchd[1] (com.apple.quicklook[33219]): ` and `kernel[0] <Notice>: `.
 */
import { isDigit } from '../json-bytes.ts'

const SPACE = 0x20
const OPEN_PAREN = 0x28
const CLOSE_PAREN = 0x29
const DASH = 0x2d
const COLON = 0x3a
const LESS = 0x3c
const GREATER = 0x3e
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d

const MAX_NAME_BYTES = 128
const MAX_PID_BYTES = 64
/** Blanks in a tag of several words. */
const MAX_BLANKS = 4

export class SyslogTag {
  nameStart = 0
  nameEnd = 0
  /** What is in the brackets; −1 when there are none. */
  pidStart = -1
  pidEnd = 0
  isPidNumber = false
  hasColon = false
  /** What is in the parentheses after it; −1 when there are none. */
  processStart = -1
  processEnd = 0
  /** The word in angle brackets after it; −1 when there is none. */
  levelStart = -1
  levelEnd = 0
  messageStart = 0

  /** Finds the tag at `start`; false when there is none. */
  read(view: DataView, start: number, end: number): boolean {
    this.pidStart = -1
    this.isPidNumber = false
    this.hasColon = false
    this.processStart = -1
    this.levelStart = -1
    // `-- root[2421]: ROOT LOGIN ON tty2`, of login(1).
    const isDashed = start + 3 < end && view.getUint8(start) === DASH && view.getUint8(start + 1) === DASH
    this.nameStart = isDashed && view.getUint8(start + 2) === SPACE ? start + 3 : start
    const last = Math.min(end, this.nameStart + MAX_NAME_BYTES)
    let blanks = 0
    let at = this.nameStart
    while (at < last) {
      const byte = view.getUint8(at)
      if (byte === OPEN_BRACKET) {
        if (at === this.nameStart) return false
        const after = this.#afterPid(view, at, end)
        if (after === 0) {
          at++
          continue
        }
        return after > 0 && (blanks === 0 || (this.isPidNumber && this.hasColon))
      }
      if (byte === COLON) {
        if (at === this.nameStart) return false
        if (at + 1 === end || view.getUint8(at + 1) <= SPACE) {
          if (blanks > 0 && !this.#isName(view, at, blanks)) return false
          this.#endAt(at, at + 1, end, view)
          return true
        }
      } else if (byte === SPACE) {
        if (at === this.nameStart || ++blanks > MAX_BLANKS || !isLetter(view.getUint8(this.nameStart))) return false
      } else if (isForeign(byte)) return false
      at++
    }
    return false
  }

  /** The tag's name is [nameStart, nameEnd), its colon stands before `after`. */
  #endAt(nameEnd: number, after: number, end: number, view: DataView): void {
    this.nameEnd = nameEnd
    this.hasColon = true
    this.messageStart = after < end && view.getUint8(after) === SPACE ? after + 1 : after
  }

  /** Reads on from `[`: 1 when the tag ends after it, 0 when the brackets are part of the name, −1 when this is no tag. */
  #afterPid(view: DataView, bracket: number, end: number): number {
    const last = Math.min(end, bracket + MAX_PID_BYTES)
    let at = bracket + 1
    let isNumber = true
    for (; at < last && view.getUint8(at) !== CLOSE_BRACKET; at++) {
      const byte = view.getUint8(at)
      if (byte <= SPACE) return -1
      if (!isDigit(byte)) isNumber = false
    }
    if (at >= last) return -1
    this.pidStart = bracket + 1
    this.pidEnd = at
    this.isPidNumber = isNumber && isPid(view, bracket + 1, at)
    const after = at + 1
    if (after < end && view.getUint8(after) === COLON) {
      this.#endAt(bracket, after + 1, end, view)
      return 1
    }
    if (after < end && view.getUint8(after) !== SPACE) {
      this.pidStart = -1
      this.isPidNumber = false
      return 0
    }
    if (after + 1 < end && this.#aside(view, after + 1, end)) {
      this.nameEnd = bracket
      return 1
    }
    if (!isNumber) return -1
    this.nameEnd = bracket
    this.messageStart = Math.min(after + 1, end)
    return 1
  }

  /** `(com.apple.quicklook[33219]): ` or `<Notice>: `. */
  #aside(view: DataView, start: number, end: number): boolean {
    const opening = view.getUint8(start)
    const closing = opening === OPEN_PAREN ? CLOSE_PAREN : GREATER
    if (opening !== OPEN_PAREN && opening !== LESS) return false
    const last = Math.min(end - 1, start + MAX_NAME_BYTES)
    let at = start + 1
    while (at < last && view.getUint8(at) !== closing) at++
    if (at >= last || view.getUint8(at + 1) !== COLON) return false
    if (opening === OPEN_PAREN) {
      this.processStart = start + 1
      this.processEnd = at
    } else {
      this.levelStart = start + 1
      this.levelEnd = at
    }
    this.#endAt(start - 1, at + 2, end, view)
    return true
  }

  /** Two words before a colon are a tag when the second is a version (`syslogd 1.4.1`), or both are names (`Server Administrator`). */
  #isName(view: DataView, end: number, blanks: number): boolean {
    if (blanks !== 1) return false
    let second = this.nameStart
    while (view.getUint8(second) !== SPACE) second++
    second++
    if (second >= end) return false
    const byte = view.getUint8(second)
    return isDigit(byte) || (isCapital(byte) && isCapital(view.getUint8(this.nameStart)))
  }
}

/** Digits that are the same when they are written again. */
function isPid(view: DataView, start: number, end: number): boolean {
  return end > start && end - start <= 10 && (view.getUint8(start) !== 0x30 || end - start === 1)
}

function isLetter(byte: number): boolean {
  return isCapital(byte & 0xdf) && byte < 0x80
}

function isCapital(byte: number): boolean {
  return byte >= 0x41 && byte <= 0x5a
}

/** Controls, and marks no program's name has: the text is a message already. */
function isForeign(byte: number): boolean {
  switch (byte) {
    case 0x22:
    case 0x27:
    case 0x2c:
    case 0x3b:
    case 0x3c:
    case 0x3d:
    case 0x3e:
    case 0x7b:
    case 0x7c:
    case 0x7d:
      return true
    default:
      return byte < SPACE
  }
}
