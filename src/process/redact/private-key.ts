import type { SearchedText } from './searched-text.ts'

const DASHES = '-----'
const MAX_LABEL_BYTES = 48

/** Where the block whose `-----BEGIN` has its `B` at `at` ends (RFC 7468); −1 when it holds no private key. Without an end it is the text's. */
export function privateKeyEnd(text: SearchedText, at: number): number {
  if (!text.hasExactly(at - 5, '-----BEGIN')) return -1
  let isPrivate = false
  let i = at + 5
  for (const limit = i + MAX_LABEL_BYTES; !text.hasExactly(i, DASHES); i++) {
    if (i === limit || i >= text.end) return -1
    if (text.hasExactly(i, 'PRIVATE')) isPrivate = true
  }
  if (!isPrivate) return -1
  for (i += 5; i < text.end; i++) {
    if (text.view.getUint8(i) !== 0x2d || !text.hasExactly(i, '-----END')) continue
    for (let k = i + 8; k < i + 8 + MAX_LABEL_BYTES; k++) if (text.hasExactly(k, DASHES)) return k + 5
    return text.end
  }
  return text.end
}

/** Whether the block from `at` to `end` has its last line, `-----END … PRIVATE KEY-----`. */
export function isKeyClosed(text: SearchedText, at: number, end: number): boolean {
  if (!text.hasExactly(end - DASHES.length, DASHES)) return false
  for (let i = end - DASHES.length; i > at && i > end - 2 * MAX_LABEL_BYTES; i--) {
    if (text.hasExactly(i, '-----END')) return true
  }
  return false
}
