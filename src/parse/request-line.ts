/** `GET /path HTTP/1.1`: three to twenty capitals, anything without blanks, a version. Bytes only, so nothing is allocated. */
export class RequestLine {
  /** Bytes [methodStart, methodEnd) are the method; the path begins after a blank, and ends before `pathEnd`. */
  methodStart = 0
  methodEnd = 0
  pathEnd = 0

  read(view: DataView, start: number, end: number): boolean {
    let i = start
    while (i < end && view.getUint8(i) >= 0x41 && view.getUint8(i) <= 0x5a) i++
    const length = i - start
    if (length < 3 || length > 20 || i >= end || view.getUint8(i) !== SPACE) return false
    let blank = i + 1
    while (blank < end && view.getUint8(blank) !== SPACE) blank++
    const rest = end - blank
    if (blank === i + 1 || (rest !== 7 && rest !== 9) || view.getInt32(blank + 1) !== HTTP) return false
    if (view.getUint8(blank + 5) !== 0x2f || !isDigit(view.getUint8(blank + 6))) return false
    if (rest === 9 && (view.getUint8(blank + 7) !== 0x2e || !isDigit(view.getUint8(blank + 8)))) return false
    this.methodStart = start
    this.methodEnd = i
    this.pathEnd = blank
    return true
  }
}

const SPACE = 0x20
/** `HTTP`, as big-endian bytes. */
const HTTP = 0x48545450

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}
