/** Numbers as decimal digits, written straight into bytes: no string is made. */

/** A whole number from 0 to 2^53 − 1; returns the position after it. */
export function writeNumber(target: Uint8Array, at: number, value: number): number {
  let width = 1
  for (let limit = 10; value >= limit; limit *= 10) width++
  return writePadded(target, at, value, width)
}

/** The same with leading zeros, `width` digits in all. */
export function writePadded(target: Uint8Array, at: number, value: number, width: number): number {
  let rest = value
  let i = at + width - 1
  // Whole numbers beyond 2^31 are doubles to V8; past them the division is one of integers.
  for (; i >= at && rest > 0x7fffffff; i--) {
    const tenth = Math.floor(rest / 10)
    target[i] = 0x30 + (rest - tenth * 10)
    rest = tenth
  }
  let small = rest | 0
  for (; i >= at; i--) {
    const tenth = (small / 10) | 0
    target[i] = 0x30 + small - tenth * 10
    small = tenth
  }
  return at + width
}
