/** Where the reading of a header is, and what its parts must know of each other. */
import { BAR, COLON, COMMA, DASH, isBlank, skipBlanks } from './header-words.ts'

export class HeaderCursor {
  view: DataView = new DataView(new ArrayBuffer(0))
  /** End of the line. */
  end = 0
  /** The mark `skip` passed: `-`, `:`, `|`, `,`, or 0; and how many dashes. */
  mark = 0
  dashes = 0
  /** Index into LOG_LEVELS; −1 while unknown. */
  level = -1
  /** The time stood in brackets of its own; the level did. */
  isTimeEnclosed = false
  isLevelEnclosed = false
  /** `time:LEVEL:logger:message`, without blanks. */
  isTight = false
  /** `---` was passed: Spring Boot's, and any groups go with it. */
  isSpring = false
  /** The record is laid out as Kafka's are, whose logger stands after the message. */
  mayEndWithLogger = false
  messageStart = 0
  /** End of the message's first line: that of the line, or the logger in parentheses after it. */
  messageEnd = 0

  begin(view: DataView, end: number): void {
    this.view = view
    this.end = end
    this.level = -1
    this.isTimeEnclosed = false
    this.isLevelEnclosed = false
    this.isTight = false
    this.isSpring = false
    this.mayEndWithLogger = false
    this.messageStart = end
    this.messageEnd = end
  }

  /** Passes blanks and a mark between two parts. */
  skip(from: number): number {
    const view = this.view
    const end = this.end
    const at = skipBlanks(view, from, end)
    this.mark = 0
    this.dashes = 0
    if (at >= end) return end
    const byte = view.getUint8(at)
    let stop = at + 1
    if (byte === DASH) {
      while (stop < end && view.getUint8(stop) === DASH && stop - at < 3) stop++
      if (stop < end && !isBlank(view.getUint8(stop))) return at
      this.dashes = stop - at
      if (this.dashes === 3) this.isSpring = true
    } else if (byte !== COLON && byte !== BAR && byte !== COMMA) return at
    this.mark = byte
    return skipBlanks(view, stop, end)
  }
}
