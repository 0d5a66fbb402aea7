/** A record with a header on its way to an entry: what the formats of Java, Python and Go have in common. */
import { member } from '../entry-members.ts'
import { EntryWriter } from '../entry-writer.ts'
import { fieldNumber } from '../fields.ts'
import type { EntryFacts, Line, LineContext, NdjsonBuffer } from '../line.ts'
import { RecordBytes } from '../record.ts'
import { lineStop, splitTrace, trimLineEnds, writeTrace } from '../stack-trace.ts'
import { HeaderReader } from './header.ts'
import { CR } from './header-words.ts'

const MESSAGE = fieldNumber('message')
const TIMESTAMP_RAW = member('timestamp_raw')

export class HeaderedRecord {
  readonly bytes = new RecordBytes()
  readonly writer: EntryWriter
  readonly header: HeaderReader
  /** End of the record's first line, its CR left out, and the position of what follows its LF. */
  firstStop = 0
  nextLine = 0

  constructor(context: LineContext) {
    this.writer = new EntryWriter(context, this.bytes)
    this.header = new HeaderReader(this.writer.time)
  }

  take(line: Line): void {
    const { bytes } = this
    bytes.take(line)
    this.writer.begin(line)
    const { view, start, end } = bytes
    const stop = lineStop(view, start, end)
    this.nextLine = stop + 1
    this.firstStop = stop > start && stop < end && view.getUint8(stop - 1) === CR ? stop - 1 : stop
  }

  /** Reads the header of the first line from `start` on. */
  readHeader(start: number): string | undefined {
    return this.header.read(this.bytes.view, start, this.firstStop)
  }

  /** Writes the entry of a record whose header has been read. */
  finish(line: Line, out: NdjsonBuffer, facts: EntryFacts): void {
    const { header, writer } = this
    const { view } = this.bytes
    if (!header.isTimeless) writer.timeFrom(header.timeStart, header.timeEnd)
    else if (header.timeStart < header.timeEnd) writer.add(TIMESTAMP_RAW, header.timeStart, header.timeEnd)
    writer.level = header.level
    this.setMessage(header.messageStart, header.messageEnd)
    header.slots.writeTo(writer, view)
    writer.end(line, out, facts)
  }

  /** The message begins at `start`, and its first line ends at `stop`; the lines after it are its own, or a stack trace. */
  setMessage(start: number, stop: number): void {
    const { writer, bytes } = this
    const { view, end } = bytes
    if (this.firstStop === end) {
      writer.set(MESSAGE, start, stop)
      return
    }
    const trace = splitTrace(view, start, end)
    const messageEnd = trace === end ? end : Math.max(start, trimLineEnds(view, start, trace))
    if (trace === end && this.header.mayEndWithLogger && stop === this.firstStop) {
      const beforeLogger = this.header.readLoggerAtEnd(end)
      writer.set(MESSAGE, start, beforeLogger < 0 ? end : trimLineEnds(view, start, beforeLogger))
    } else if (stop === this.firstStop) writer.set(MESSAGE, start, messageEnd)
    else if (messageEnd <= this.firstStop) writer.set(MESSAGE, start, Math.min(stop, messageEnd))
    else writer.setText(MESSAGE, bytes.text(start, stop) + bytes.text(this.firstStop, messageEnd))
    if (trace !== end) writeTrace(writer, view, { trace, end, messageStart: start, messageEnd })
  }
}
