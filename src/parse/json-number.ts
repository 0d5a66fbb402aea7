/** Numbers of JSON text: checked, and described by as much as tells what they may become, without making a double of them. */
import { isDigit } from './json-bytes.ts'
import { isFaithful } from './json-tame.ts'

/** The fields tell about the number read last. */
export class JsonNumber {
  /** Digits without sign and point, exact below 2^52 (`isExact`). */
  mantissa = 0
  /** Digits after the point. */
  decimals = 0
  isNegative = false
  /** It has no point and no exponent. */
  isInteger = false
  /** It has no exponent and few enough digits that decimal text → double → decimal text gives it back. */
  isExact = false
  /** A double holds it without loss. */
  isFaithful = false
  #hasLongExponent = false

  /** The number at `at`: the position after it, or −1. */
  read(view: DataView, at: number, end: number): number {
    this.isFaithful = false
    let i = at
    this.isNegative = i < end && view.getUint8(i) === 0x2d
    if (this.isNegative) i++
    let mantissa = 0
    let decimals = 0
    const start = i
    let digit = 0
    while (i < end) {
      digit = view.getUint8(i) - 0x30
      if (digit < 0 || digit > 9) break
      mantissa = mantissa * 10 + digit
      i++
    }
    let digits = i - start
    if (digits === 0) return -1
    if (view.getUint8(start) === 0x30) {
      if (digits > 1) return -1
      digits = 0
    }
    this.isInteger = true
    this.isExact = true
    this.#hasLongExponent = false
    if (i < end && view.getUint8(i) === 0x2e) {
      const point = ++i
      while (i < end) {
        digit = view.getUint8(i) - 0x30
        if (digit < 0 || digit > 9) break
        mantissa = mantissa * 10 + digit
        i++
      }
      decimals = i - point
      if (decimals === 0) return -1
      digits += decimals
      this.isInteger = false
    }
    if (i < end && (view.getUint8(i) | 0x20) === 0x65) {
      i = this.#exponent(view, i + 1, end)
      if (i < 0) return -1
      this.isInteger = false
      this.isExact = false
    }
    this.mantissa = mantissa
    this.decimals = decimals
    this.isExact &&= mantissa < 2 ** 52 && decimals <= 15
    const isShort = digits <= (this.isInteger ? 15 : 17) && !this.#hasLongExponent
    // What cannot be told by counting costs a string.
    this.isFaithful = (isShort && (!this.isNegative || mantissa !== 0)) || isFaithful(textOf(view, at, i))
    return i
  }

  /** With at most two digits, and at most 17 before it, a number neither overflows nor vanishes. */
  #exponent(view: DataView, at: number, end: number): number {
    let i = at
    if (i < end && (view.getUint8(i) === 0x2b || view.getUint8(i) === 0x2d)) i++
    const start = i
    while (i < end && isDigit(view.getUint8(i))) i++
    this.#hasLongExponent = i > start + 2
    return i === start ? -1 : i
  }
}

function textOf({ buffer, byteOffset }: DataView, start: number, end: number): string {
  return Buffer.from(buffer, byteOffset + start, end - start).toString('latin1')
}
