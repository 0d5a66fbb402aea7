import { shown } from '../own-log/text.ts'

/** How findings say numbers, and what others wrote: rounded for people, one line, never longer than a message may be. */

export const MAX_MESSAGE_CHARS = 512

const SIZES = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const
const SPANS: readonly (readonly [unit: string, ms: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
]

/** `83.1%`. */
export function percentText(ratio: number): string {
  return `${Math.round(ratio * 1000) / 10}%`
}

/** `512 B`, `1.5 GiB`. */
export function sizeText(bytes: number): string {
  let text = `${Math.round(bytes)} B`
  for (const [i, unit] of SIZES.entries()) {
    const amount = bytes / 1024 ** (i + 1)
    if (amount >= 1) text = `${Math.round(amount * 10) / 10} ${unit}`
  }
  return text
}

/** Its two largest units: `0s`, `7m`, `1h30m`, `2d4h`. */
export function spanText(ms: number): string {
  let text = ''
  let restMs = Math.max(0, ms)
  let unitsLeft = 2
  for (const [unit, unitMs] of SPANS) {
    if (text !== '') unitsLeft -= 1
    if (unitsLeft === 0) break
    const amount = Math.floor(restMs / unitMs)
    restMs -= amount * unitMs
    if (amount > 0) text += `${amount}${unit}`
  }
  return text === '' ? '0s' : text
}

/** `1 process`, `2 processes`. */
export function countText(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}

/** A text from outside as part of a message: control characters as their escapes, cut. */
export function plainText(text: string, maxChars = MAX_MESSAGE_CHARS): string {
  // An escape is longer than what it stands for, so the text is long enough whatever was escaped.
  const plain = shown(text.slice(0, maxChars + 1).toWellFormed())
  if (plain.length <= maxChars) return plain
  return `${plain.slice(0, maxChars - 1).toWellFormed()}…`
}
