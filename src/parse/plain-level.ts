/** The level that plain text says itself, by the words that come first. */
import { skipColours } from './colours.ts'
import { isDigit } from './json-bytes.ts'
import { levelOfBytes, levelOfLetter } from './level.ts'
import { isWordByte } from './time-bytes.ts'

const ESCAPE = 0x1b
const SPACE = 0x20
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const EQUALS = 0x3d
const BRACE = 0x7b
const BRACE_END = 0x7d
/** Between a time and a level stand a process, a thread and the like: a few, and short ones. */
const MAX_SKIPPED = 5
const LONGEST_GROUP = 80

/**
 * The level of the first word, or −1. What may come first: after a time numbers and groups in brackets (`[main] INFO`,
 * `148 INFO`), and anywhere a name with a colon, when one follows the level, too (`ld: warning: …`, `a.c:3:1: error: …`).
 */
export function readLevel(
  view: DataView,
  from: number,
  { end, isAfterTime }: { end: number; isAfterTime: boolean },
): number {
  let at = from
  let isAfterName = false
  for (let skipped = 0; ; skipped++) {
    if (skipped > MAX_SKIPPED) return -1
    const start = skipLeads(view, at, end)
    if (!isAfterTime && start < end && isDigit(view.getUint8(start))) return -1
    if (isAfterTime && start < end && view.getUint8(start) === BRACE) {
      at = afterBraces(view, start, end)
      if (at < 0) return -1
      continue
    }
    const isEnclosed = isAfterOpening(view, at, start)
    let stop = start
    let isCapital = true
    while (stop < end && isWordByte(view.getUint8(stop))) {
      if (view.getUint8(stop) >= 0x61) isCapital = false
      stop++
    }
    const isPlain = !isEnclosed && isBlank(view, stop, end)
    // Mongo's and Telegraf's letters: `E STORAGE`, `E! [outputs]`. `A` and `C` begin sentences.
    if (isAfterTime && !isAfterName && !isEnclosed && stop - start === 1 && isLetterAlone(view, stop, end))
      return letterLevel(view.getUint8(start))
    if (isPlain && stop - start === 3 && isPhp(view, start)) return phpLevel(view, stop, end)
    if (isAfterTime && !isAfterName && stop < end && view.getUint8(stop) === EQUALS && stop > start) {
      // Sidekiq's `pid=1 tid=abc WARN: `.
      at = wordStop(view, stop, end)
      continue
    }
    const mayBeProse = isPlain && (isAfterName || (!isCapital && (!isAfterTime || skipped > 0)))
    const level = mayBeProse ? -1 : levelOfBytes(view, start, stop)
    if (level >= 0) return level
    if (skipped === MAX_SKIPPED || stop >= end) return -1
    if (isEnclosed) at = isAfterTime ? afterGroup(view, stop, end) : -1
    else if (isPlain) at = isAfterTime && !isAfterName ? afterNumber(view, start, stop) : -1
    else {
      at = isAfterName ? -1 : afterName(view, stop, end)
      isAfterName = true
    }
    if (at < 0) return -1
  }
}

function letterLevel(letter: number): number {
  return letter === 0x41 || letter === 0x43 ? -1 : levelOfLetter(letter)
}

/** `PHP`. */
function isPhp(view: DataView, at: number): boolean {
  return view.getUint8(at) === 0x50 && view.getUint8(at + 1) === 0x48 && view.getUint8(at + 2) === 0x50
}

/** The level in what PHP calls its errors: `PHP Fatal error:  `, `PHP Warning:  `; −1 when no colon ends the name. */
function phpLevel(view: DataView, from: number, end: number): number {
  let level = -1
  let at = from
  for (let word = 0; word < 3; word++) {
    const start = at + 1
    at = start
    while (at < end && isWordByte(view.getUint8(at))) at++
    if (level < 0) level = levelOfBytes(view, start, at)
    if (at >= end || at === start) return -1
    if (view.getUint8(at) === 0x3a) return level
    if (view.getUint8(at) !== SPACE) return -1
  }
  return -1
}

/** `E ` or `E! `. */
function isLetterAlone(view: DataView, stop: number, end: number): boolean {
  if (stop >= end) return false
  const isMarked = view.getUint8(stop) === 0x21
  return isBlank(view, isMarked ? stop + 1 : stop, end) && !isDigit(view.getUint8(stop - 1))
}

function wordStop(view: DataView, from: number, end: number): number {
  let at = from
  while (at < end && !isBlankByte(view.getUint8(at))) at++
  return at
}

/** ClickHouse's `{query-id}`, which may be empty: the position after it, or −1. */
function afterBraces(view: DataView, from: number, end: number): number {
  const limit = Math.min(end, from + LONGEST_GROUP)
  for (let at = from; at < limit; at++) if (view.getUint8(at) === BRACE_END) return at + 1
  return -1
}

/** Whether a bracket was opened last before `at`, blanks aside, from `from` on. */
function isAfterOpening(view: DataView, from: number, at: number): boolean {
  let i = at - 1
  while (i >= from && isBlankByte(view.getUint8(i))) i--
  return i >= from && isOpening(view.getUint8(i))
}

/** The position after a name that ends in a colon before a blank, some of which is before `from`; or −1. */
function afterName(view: DataView, from: number, end: number): number {
  const limit = Math.min(end, from + LONGEST_GROUP)
  for (let i = from; i < limit; i++) if (isBlank(view, i, end)) return view.getUint8(i - 1) === 0x3a ? i : -1
  return -1
}

function isBlank(view: DataView, at: number, end: number): boolean {
  return at >= end || isBlankByte(view.getUint8(at))
}

function isBlankByte(byte: number): boolean {
  return byte === 0x20 || byte === 0x09
}

/** The position of the first byte that is neither a blank, a colour nor one of the marks before a level. */
function skipLeads(view: DataView, from: number, end: number): number {
  let at = from
  while (at < end) {
    const byte = view.getUint8(at)
    // Most lines begin with a letter, which needs no other look.
    if (byte > OPEN_BRACKET && byte !== 0x7c) return at
    if (isLead(byte) || isOpening(byte)) at++
    else if (byte !== ESCAPE) return at
    else {
      const after = skipColours(view, at, end)
      if (after === at) return at
      at = after
    }
  }
  return at
}

/** The position after the bracket that closes a group, or −1. */
export function afterGroup(view: DataView, from: number, end: number): number {
  const limit = Math.min(end, from + LONGEST_GROUP)
  for (let i = from; i < limit; i++) {
    const byte = view.getUint8(i)
    if (byte === CLOSE_BRACKET || byte === 0x29 || byte === 0x3e) return i + 1
  }
  return -1
}

/** `stop`, when bytes [start, stop) are digits, or −1. */
function afterNumber(view: DataView, start: number, stop: number): number {
  for (let i = start; i < stop; i++) if (!isDigit(view.getUint8(i))) return -1
  return stop > start ? stop : -1
}

/** Blanks and the marks loggers put before a level: `[`, `(`, `<`, `|`, `-`, `:`, and what closed a time. */
function isLead(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x7c || byte === 0x2d || byte === 0x3a || byte === 0x2c
}

function isOpening(byte: number): boolean {
  return byte === OPEN_BRACKET || byte === 0x28 || byte === 0x3c
}
