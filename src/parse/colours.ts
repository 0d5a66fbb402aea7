const ESCAPE = 0x1b
const OPEN_BRACKET = 0x5b
const LETTER_M = 0x6d

/** The position after the colours at `at`: `ESC[…m`, with digits, semicolons and colons for the dots. */
export function skipColours(view: DataView, at: number, end: number): number {
  let start = at
  while (start + 2 < end && view.getUint8(start) === ESCAPE && view.getUint8(start + 1) === OPEN_BRACKET) {
    let i = start + 2
    while (i < end && isColourByte(view.getUint8(i))) i++
    if (i === end || view.getUint8(i) !== LETTER_M) return start
    start = i + 1
  }
  return start
}

/** A digit, `;` or `:`. */
function isColourByte(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x3b
}
