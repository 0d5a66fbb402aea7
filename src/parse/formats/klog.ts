/**
 * klog, the log of Kubernetes' components, and glog's other heirs. Structured records (`"Started pod" pod="a/b" err="…"`) give
 * the quoted text as the message and their pairs as fields.
 */
import { LOG_LEVELS } from '../../model/log-entry.ts'
import { member } from '../entry-members.ts'
import type { EntryFacts, FormatParser, Line, LineContext, NdjsonBuffer } from '../line.ts'
import { PairWriter } from '../pair-writer.ts'
import { GoPairs } from './go-pairs.ts'
import { HeaderedRecord } from './header-entry.ts'
import { KlogHead } from './klog-head.ts'
import { LineView } from './line-view.ts'

const PID = member('pid')
const LOCATION = member('location')
/** More digits are more than a double holds. */
const MAX_DIGITS = 15
const QUOTE = 0x22

export function createKlogParser(context: LineContext): FormatParser {
  return new KlogParser(context)
}

class KlogParser implements FormatParser {
  readonly #record: HeaderedRecord
  readonly #head: KlogHead
  readonly #pairs: PairWriter
  readonly #tail: GoPairs
  readonly #lines = new LineView()
  readonly #timeText = Buffer.alloc(40)

  constructor(context: LineContext) {
    this.#record = new HeaderedRecord(context)
    this.#head = new KlogHead(this.#record.writer.time)
    this.#pairs = new PairWriter(context, this.#record.bytes)
    this.#tail = new GoPairs(this.#record.bytes, this.#pairs)
  }

  tryParse(line: Line, out: NdjsonBuffer, facts: EntryFacts): string | undefined {
    const first = line.start < line.end ? line.bytes[line.start] : 0
    if (first !== 0x49 && first !== 0x57 && first !== 0x45 && first !== 0x46) return 'no header of klog'
    const record = this.#record
    record.take(line)
    const head = this.#head
    const { view, start, end } = record.bytes
    const reason = head.read(view, start, record.firstStop)
    if (reason !== undefined) return reason
    const { messageStart } = head
    const isStructured = messageStart < end && view.getUint8(messageStart) === QUOTE
    if (isStructured && this.#writePairs(line, out, facts)) return undefined
    const { writer } = record
    writer.level = head.level
    writer.timeFrom(head.timeStart, head.timeEnd)
    const pidStart = numberStart(view, head.pidStart, head.pidEnd)
    if (head.pidEnd - pidStart <= MAX_DIGITS) writer.addNumber(PID, pidStart, head.pidEnd)
    else writer.add(PID, pidStart, head.pidEnd)
    writer.add(LOCATION, head.placeStart, head.placeEnd)
    record.setMessage(Math.min(messageStart, record.firstStop), record.firstStop)
    writer.end(line, out, facts)
    return undefined
  }

  startsRecord(line: Line): boolean {
    return KlogHead.begins(this.#lines.of(line), line.start, line.end)
  }

  #writePairs(line: Line, out: NdjsonBuffer, facts: EntryFacts): boolean {
    const pairs = this.#pairs
    const head = this.#head
    const { time } = this.#record.writer
    const { view, end } = this.#record.bytes
    pairs.begin()
    const after = this.#tail.addQuoted('message', head.messageStart, end)
    if (after < 0) return false
    pairs.addJson('level', `"${LOG_LEVELS[head.level] ?? ''}"`)
    if (time.isPlausible(line.readMs))
      pairs.addJson('timestamp', `"${this.#timeText.toString('latin1', 0, time.write(this.#timeText, 0))}"`)
    else pairs.add('timestamp', head.timeStart, head.timeEnd)
    pairs.addBare('pid', numberStart(view, head.pidStart, head.pidEnd), head.pidEnd)
    pairs.add('location', head.placeStart, head.placeEnd)
    this.#tail.addAll(after, end)
    pairs.end(line, out, facts)
    return true
  }
}

/** Leading zeros are none of a JSON number's. */
function numberStart(view: DataView, start: number, end: number): number {
  let at = start
  while (at < end - 1 && view.getUint8(at) === 0x30) at++
  return at
}
