/** Headers that are told apart by their first bytes before they are read part by part. */
import { BLANK, BRACE, COMMA, lineNumberColon, OPEN } from './header-words.ts'

const TAB = 0x09

/** `I, [`. */
export function isRubyHead(view: DataView, start: number, end: number): boolean {
  return (
    start + 4 < end &&
    view.getUint8(start + 1) === COMMA &&
    view.getUint8(start + 2) === BLANK &&
    view.getUint8(start + 3) === OPEN
  )
}

/** What follows the time is in columns, of which one is a place in a source of Go, or the last one an object. */
export function isZapLine(view: DataView, afterTime: number, end: number): boolean {
  if (afterTime >= end || view.getUint8(afterTime) !== TAB) return false
  let column = afterTime + 1
  for (let at = column; at <= end; at++) {
    if (at < end && view.getUint8(at) !== TAB) continue
    const colon = lineNumberColon(view, column, at)
    if (colon > column + 3 && view.getUint8(colon - 1) === 0x6f && view.getUint16(colon - 3) === POINT_G) return true
    if (at === end) return column < end && view.getUint8(column) === BRACE && view.getUint8(end - 1) === 0x7d
    column = at + 1
  }
  return false
}

/** `.g` */
const POINT_G = 0x2e67
