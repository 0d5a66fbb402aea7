import { REDACT_PRESETS } from '../../config/steps.ts'
import { isBase64Url, isDigit, type SearchedText } from './searched-text.ts'

/** Hex digits of a hash in a mask: 48 bits, so equal ones among millions mean equal values. */
export const HASH_DIGITS = 12

const COLON = 0x3a
const MASKS = REDACT_PRESETS.map((name) => `[${name}]`)

/** `[email]` or `[email:1f3a9c0b5d2e]` is all there is: what a step before has left is nobody's secret. */
export function isMask(text: SearchedText, start: number, end: number): boolean {
  if (text.at(start) !== 0x5b || text.at(end - 1) !== 0x5d) return false
  const colon = end - HASH_DIGITS - 2
  if (text.at(colon) === COLON) return isHashMask(text, colon) && nameStart(text, colon) === start + 1
  return MASKS.some((mask) => mask.length === end - start && text.hasExactly(start, mask))
}

/** The colon at `at` is the one in the middle of a mask with a hash. */
export function isHashMask(text: SearchedText, at: number): boolean {
  if (text.at(at + HASH_DIGITS + 1) !== 0x5d || text.at(nameStart(text, at) - 1) !== 0x5b || text.at(at - 1) === 0x5b)
    return false
  for (let i = at + 1; i <= at + HASH_DIGITS; i++) {
    const byte = text.at(i)
    if (!isDigit(byte) && !(byte >= 0x61 && byte <= 0x66)) return false
  }
  return true
}

function nameStart(text: SearchedText, end: number): number {
  let i = end
  while (isBase64Url(text.at(i - 1))) i--
  return i
}
