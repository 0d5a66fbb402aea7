/**
 * The member of an object that is under way through the fast way: its key and its value, and the simple things that become of
 * it. One object for all lines, whose fields stand for parameters and results, for six of the ones or two of the others would
 * be slower. What returns a number returns the position after the value, or −1 where only JSON.parse can tell.
 */
import { EntryRuns } from './entry-runs.ts'
import { NO_KEY } from './json-key.ts'
import { JsonScanner } from './json-scan.ts'

export class JsonMember {
  readonly scan = new JsonScanner()
  readonly runs = new EntryRuns(this.scan)
  /** Fields the entry has, as bits. */
  seen = 0
  /** Objects open around it. */
  depth = 1
  key = NO_KEY
  keyStart = 0
  valueStart = 0
  /** It is in its field. */
  isTaken = false

  /** The value stays as it is, and its key too if it is the field's own name. */
  keep(after: number): number {
    if (after < 0) return -1
    if (this.key.isOwn) this.runs.keep(this.keyStart, after)
    else this.runs.rename(this.key.field, this.valueStart, after)
    return after
  }

  /** Writes the key; the caller writes the value. */
  writeKey(): void {
    if (this.key.isOwn) this.runs.keepKey(this.keyStart, this.valueStart)
    else this.runs.writeKey(this.key.field)
  }

  writeAscii(text: string): void {
    const { out } = this.runs
    out.length += out.bytes.write(text, out.length, 'latin1')
  }

  /** The member, whatever it is, belongs to `metadata`. */
  gather(): number {
    this.isTaken = false
    const after = this.scan.value(this.valueStart, this.depth)
    return after >= 0 && this.runs.gather(this.keyStart, after) ? after : -1
  }

  /** A number whose text is to be kept belongs to `metadata`. */
  gatherQuoted(): number {
    return this.misfit(this.readNumber(false), true)
  }

  /** It belongs to `metadata`, up to `after`; `isQuoted`: as text. */
  misfit(after: number, isQuoted: boolean): number {
    this.isTaken = false
    if (after < 0 || (isQuoted && !this.scan.quote(this.valueStart, after))) return -1
    return this.runs.gather(this.keyStart, after) ? after : -1
  }

  /** Reads a number, or the text of one, into `scan.number`. */
  readNumber(isText: boolean): number {
    const { number, view, end } = this.scan
    if (!isText) return number.read(view, this.valueStart, end)
    const stop = number.read(view, this.valueStart + 1, end)
    return stop >= 0 && stop < end && view.getUint8(stop) === QUOTE ? stop + 1 : -1
  }

  /** Skips a text; with escapes (−1) it may be another than it looks like. */
  textWithoutEscapes(): number {
    const after = this.scan.string(this.valueStart + 1)
    return this.scan.hasEscapes ? -1 : after
  }
}

const QUOTE = 0x22
