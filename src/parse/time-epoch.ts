import { isDigit } from './json-bytes.ts'
import type { TimeParts } from './time-parts.ts'

/**
 * The number in [start, end), of seconds, ms, µs or ns since 1970, by its magnitude: 1 to 20 digits, perhaps decimals. Returns its
 * whole seconds, the rest being in the parts, or −1.
 */
export function readEpochNumber(parts: TimeParts, view: DataView, start: number, end: number): number {
  let point = start
  while (point < end && isDigit(view.getUint8(point))) point++
  const count = point - start
  if (count === 0 || count > 20 || (count > 1 && view.getUint8(start) === 0x30)) return -1
  // 11 digits of seconds last until the year 5138, 11 of ms until 1973; so up to µs and ns.
  const unitDigits = count <= 11 ? 0 : count <= 14 ? 3 : count <= 17 ? 6 : 9
  let seconds = 0
  for (let i = start; i < point - unitDigits; i++) seconds = seconds * 10 + view.getUint8(i) - 0x30
  let fraction = 0
  for (let i = point - unitDigits; i < point; i++) fraction = fraction * 10 + view.getUint8(i) - 0x30
  let decimals = unitDigits
  if (point < end) {
    if (view.getUint8(point) !== 0x2e || point + 1 === end) return -1
    for (let i = point + 1; i < end; i++) {
      if (!isDigit(view.getUint8(i))) return -1
      if (decimals === 9) continue
      fraction = fraction * 10 + view.getUint8(i) - 0x30
      decimals++
    }
  }
  for (; decimals < 3; decimals++) fraction *= 10
  for (; decimals > 3 && fraction % 10 === 0; decimals--) fraction /= 10
  parts.fraction = fraction
  parts.decimals = decimals
  return seconds
}
