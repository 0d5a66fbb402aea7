/**
 * Numbers with check digits. Every function is given the first digit of a run and answers with the position after the
 * number, or −1.
 */
import { isAlnum, isDigit, isUpper, type SearchedText } from './searched-text.ts'

const DOT = 0x2e
const DASH = 0x2d
const SLASH = 0x2f
const ZERO = 0x30
const MAX_CARD_DIGITS = 19

/** A number may begin at `at`: what is before is neither a word nor the whole part of a decimal. */
export function mayBegin(text: SearchedText, at: number): boolean {
  return text.startsWord(at) && !(text.at(at - 1) === DOT && isDigit(text.at(at - 2)))
}

function mayEnd(text: SearchedText, at: number): boolean {
  const after = text.at(at)
  return !isAlnum(after) && !(after === DOT && isDigit(text.at(at + 1)))
}

/**
 * A payment card (ISO/IEC 7812): 13–19 digits, in one piece or in groups of four to six (the last one any) with a blank or a
 * dash between, of a known issuer, that satisfy Luhn's formula. Of several lengths the longest.
 */
export class CardReader {
  readonly #digits = new Uint8Array(MAX_CARD_DIGITS)

  end(text: SearchedText, at: number): number {
    const digits = this.#digits
    let found = -1
    let count = 0
    let groups = 0
    let i = at
    for (;;) {
      const group = i
      for (let byte = text.at(i); isDigit(byte); byte = text.at(++i)) {
        if (count === MAX_CARD_DIGITS) return found
        digits[count++] = byte - ZERO
      }
      groups++
      if (count >= 13 && mayEnd(text, i) && isIssued(digits, count) && satisfiesLuhn(digits, count)) found = i
      const length = i - group
      const isGroup = groups === 1 ? length === 4 || length === 6 : length >= 4 && length <= 6
      const separator = text.at(i)
      if (!isGroup || (separator !== 0x20 && separator !== DASH) || !isDigit(text.at(i + 1))) return found
      i++
    }
  }
}

/** Prefixes and lengths as the schemes publish them: Visa, Mastercard, Amex, Discover, JCB, Diners, UnionPay, Maestro, Mir, Elo. */
function isIssued(digits: Uint8Array, count: number): boolean {
  const four = (digits[0] ?? 0) * 1000 + (digits[1] ?? 0) * 100 + (digits[2] ?? 0) * 10 + (digits[3] ?? 0)
  const two = Math.trunc(four / 100)
  switch (digits[0]) {
    case 2:
      return (four >= 2221 && four <= 2720 && count === 16) || (four >= 2200 && four <= 2204 && count >= 16)
    case 3:
      if (two === 34 || two === 37) return count === 15
      if (four >= 3528 && four <= 3589) return count >= 16
      return (two === 36 || two === 38 || two === 39 || four <= 3059 || four === 3095) && count >= 14
    case 4:
      return count === 13 || count === 16 || count === 19
    case 5:
      return two >= 51 && two <= 55 ? count === 16 : two === 50 || two >= 56
    case 6:
      return true
    default:
      return false
  }
}

function satisfiesLuhn(digits: Uint8Array, count: number): boolean {
  let sum = 0
  for (let i = count - 1, isDoubled = false; i >= 0; i--, isDoubled = !isDoubled) {
    const digit = digits[i] ?? 0
    sum += isDoubled ? (digit > 4 ? digit * 2 - 9 : digit * 2) : digit
  }
  return sum % 10 === 0
}

/** Brazilian persons: `000.000.000-00`, `000000000-00` or eleven digits, with two check digits. */
export function cpfEnd(text: SearchedText, at: number): number {
  let i = at
  let count = 0
  let sum = 0
  let second = 0
  let isSame = true
  for (; count < 11; i++) {
    const byte = text.at(i)
    if (!isDigit(byte)) {
      const isMark = (byte === DOT && (count === 3 || (count === 6 && i === at + 7))) || (byte === DASH && count === 9)
      if (!isMark || (byte === DASH && i !== at + 9 && i !== at + 11) || !isDigit(text.at(i + 1))) return -1
      continue
    }
    const digit = byte - ZERO
    if (byte !== text.at(at)) isSame = false
    if (count === 9 && digit !== checkDigit(sum)) return -1
    if (count === 10 && digit !== checkDigit(second)) return -1
    if (count < 9) sum += digit * (10 - count)
    if (count < 10) second += digit * (11 - count)
    count++
  }
  return isSame || !mayEnd(text, i) ? -1 : i
}

function checkDigit(sum: number): number {
  const rest = sum % 11
  return rest < 2 ? 0 : 11 - rest
}

/**
 * Brazilian companies, fourteen characters without marks from `at` on. Since July 2026 the first twelve may be capitals, too;
 * a character is worth its code less 48 (Receita Federal, IN RFB 2.229/2024).
 */
export function bareCnpjEnd(text: SearchedText, at: number): number {
  return !mayEnd(text, at + 14) || !isCnpj(text, at, '##############') ? -1 : at + 14
}

/** Where the company's number whose two check digits, after a dash, end at `end` begins, or −1: `00.000.000/0000-00`. */
export function markedCnpjStart(text: SearchedText, end: number): number {
  if (text.at(end - 3) !== DASH || text.at(end - 8) !== SLASH || isAlnum(text.at(end))) return -1
  const dotted = end - 18
  if (mayBegin(text, dotted) && isCnpj(text, dotted, '##.###.###/####-##')) return dotted
  const plain = end - 16
  return mayBegin(text, plain) && isCnpj(text, plain, '########/####-##') ? plain : -1
}

function isCnpj(text: SearchedText, at: number, layout: string): boolean {
  let count = 0
  let first = 0
  let second = 0
  let isSame = true
  let initial = 0
  for (let i = 0; i < layout.length; i++) {
    const byte = text.at(at + i)
    if (layout.charCodeAt(i) !== 0x23) {
      if (byte !== layout.charCodeAt(i)) return false
      continue
    }
    if (!isDigit(byte) && (count >= 12 || !isUpper(byte))) return false
    const value = byte - ZERO
    if (count === 0) initial = value
    else if (value !== initial) isSame = false
    if (count === 12 && value !== checkDigit(first)) return false
    if (count === 13 && value !== checkDigit(second)) return false
    if (count < 12) first += value * (count < 4 ? 5 - count : 13 - count)
    if (count < 13) second += value * (count < 5 ? 6 - count : 14 - count)
    count++
  }
  return !isSame
}
