import { isAlnum, isDigit, isHex, type SearchedText } from './searched-text.ts'

const DOT = 0x2e
const COLON = 0x3a
const SLASH = 0x2f

/**
 * Where the IPv4 address that begins at `at` ends, or −1. Five parts are none, `v1.2.3.4` is a version, and so is what
 * follows a name and a slash and ends in `.0.0`, since browsers write theirs so (`Chrome/131.0.0.0`). A port, a mask or a dash after it stays.
 */
export function ipv4End(text: SearchedText, at: number): number {
  const before = text.at(at - 1)
  if (!text.startsWord(at) || (before === DOT && isDigit(text.at(at - 2)))) return -1
  const end = quadEnd(text, at)
  if (end < 0 || isAlnum(text.at(end)) || (text.at(end) === DOT && isDigit(text.at(end + 1)))) return -1
  return before === SLASH && isAlnum(text.at(at - 2)) && text.hasExactly(end - 4, '.0.0') ? -1 : end
}

/** Four numbers to 255 with dots between. */
function quadEnd(text: SearchedText, at: number): number {
  let i = at
  for (let part = 0; part < 4; part++) {
    if (part > 0 && text.at(i++) !== DOT) return -1
    const start = i
    let value = 0
    for (let byte = text.at(i); isDigit(byte); byte = text.at(++i)) {
      if (i - start === 3) return -1
      value = value * 10 + byte - 0x30
    }
    if (i === start || value > 255) return -1
  }
  return i
}

/** Where the IPv6 address whose first colon is at `colon` begins; −1 when there is none. */
export function ipv6Start(text: SearchedText, colon: number): number {
  let start = colon
  while (colon - start < 5 && isHex(text.at(start - 1)) && !text.isBehindEscape(start)) start--
  if (colon - start > 4 || !text.startsWord(start) || text.at(start - 1) === COLON) return -1
  return start < colon || text.at(colon + 1) === COLON ? start : -1
}

/**
 * Where the IPv6 address at `at` ends, or −1 (RFC 4291, 2.2): eight groups, or fewer with one `::`, the last two perhaps as
 * IPv4. Not `::` alone, not words of hex letters (`db::add`), not eight groups of two digits (EUI-64), not MAC addresses and times, which have fewer groups.
 */
export function ipv6End(text: SearchedText, at: number): number {
  let i = at
  let groups = 0
  let gap = false
  let hasDigit = false
  let arePairs = true
  if (text.at(i) === COLON) {
    if (text.at(i + 1) !== COLON) return -1
    gap = true
    i += 2
  }
  while (isHex(text.at(i))) {
    const start = i
    while (i - start < 5 && isHex(text.at(i))) {
      if (isDigit(text.at(i))) hasDigit = true
      i++
    }
    if (i - start > 4) return -1
    if (text.at(i) === DOT && isDigit(text.at(i + 1))) {
      const end = groups > 0 || gap ? quadEnd(text, start) : -1
      if (end < 0) return -1
      groups += 2
      hasDigit = true
      arePairs = false
      i = end
      break
    }
    groups++
    if (i - start !== 2) arePairs = false
    if (text.at(i) !== COLON) break
    if (text.at(i + 1) === COLON) {
      if (gap) return -1
      gap = true
      i += 2
      if (!isHex(text.at(i))) break
    } else if (isHex(text.at(i + 1))) i++
    else break
  }
  const after = text.at(i)
  if (isAlnum(after) || (after === DOT && isDigit(text.at(i + 1)))) return -1
  if (after === COLON && (isHex(text.at(i + 1)) || text.at(i + 1) === COLON)) return -1
  if (gap ? groups > 7 || groups === 0 || (!hasDigit && groups < 3) : groups !== 8 || arePairs) return -1
  return i
}
