import { isDigit } from '../json-bytes.ts'

/** Five capitals or digits that begin as a class of PostgreSQL's error codes does: a digit, or F0, HV, P0, XX. */
export function isSqlState(view: DataView, start: number, end: number): boolean {
  if (end - start !== 5) return false
  for (let i = start; i < end; i++) {
    const byte = view.getUint8(i)
    if (!isDigit(byte) && (byte < 0x41 || byte > 0x5a)) return false
  }
  if (isDigit(view.getUint8(start))) return true
  const first = (view.getUint8(start) << 8) | view.getUint8(start + 1)
  return first === 0x4630 || first === 0x4856 || first === 0x5030 || first === 0x5858
}
