/**
 * Logs of Java programs: log4j, logback, java.util.logging and what is built on them (Spring Boot, Tomcat, WildFly, Hadoop,
 * Spark, ZooKeeper, Kafka, Elasticsearch, Cassandra, the JVM's own log). A record is a header, a message, and perhaps a stack
 * trace on the lines after it; see header.ts.
 */
import type { EntryFacts, FormatParser, Line, LineContext, NdjsonBuffer } from '../line.ts'
import { lineStop } from '../stack-trace.ts'
import { HeaderedRecord } from './header-entry.ts'
import { levelOfWord } from './header-level.ts'
import { SLOT } from './header-slots.ts'
import {
  COLON,
  CR,
  classParts,
  isBlank,
  isCapital,
  isDigit,
  isName,
  isUpper,
  OPEN,
  skipBlanks,
  wordStop,
} from './header-words.ts'
import { LineView } from './line-view.ts'

/** A header that is not over by then is none; so a line that begins a record costs the same however long it is. */
const MAX_HEADER_BYTES = 1024

export function createJavaParser(context: LineContext): FormatParser {
  return new JavaParser(context)
}

class JavaParser implements FormatParser {
  readonly #record: HeaderedRecord
  readonly #lines = new LineView()

  constructor(context: LineContext) {
    this.#record = new HeaderedRecord(context)
  }

  tryParse(line: Line, out: NdjsonBuffer, facts: EntryFacts): string | undefined {
    const first = firstByte(line)
    if (!isDigit(first) && first !== OPEN && !isUpper(first)) return 'no timestamp'
    const record = this.#record
    record.take(line)
    const { header, bytes } = record
    const reason = record.readHeader(bytes.start)
    if (reason !== undefined) {
      const isRead =
        (reason === 'no level' && this.#readJulHead()) ||
        (reason === 'no timestamp' && header.readTimeless(bytes.view, bytes.start, record.firstStop) === undefined)
      if (!isRead) return reason
    }
    record.finish(line, out, facts)
    return undefined
  }

  startsRecord(line: Line): boolean {
    const first = firstByte(line)
    if (!isDigit(first) && first !== OPEN && !isUpper(first)) return false
    const view = this.#lines.of(line)
    const { header } = this.#record
    this.#record.writer.time.readMs = line.readMs
    const end = Math.min(line.end, line.start + MAX_HEADER_BYTES)
    if (header.beginsWithTime(view, line.start, end)) return true
    if (header.read(view, line.start, end) === undefined) return true
    return header.readTimeless(view, line.start, end) === undefined
  }

  /**
   * java.util.logging's two lines: `Jan 15, 2024 8:00:00 AM com.e.Foo bar` and `INFO: msg`. The first alone is taken, too, when
   * it can be nothing else.
   */
  #readJulHead(): boolean {
    const { header, bytes, firstStop, nextLine } = this.#record
    const { view, end } = bytes
    const name = skipBlanks(view, header.timeEnd, firstStop)
    const nameStop = wordStop(view, name, firstStop)
    if (!isName(view, name, nameStop)) return false
    const method = skipBlanks(view, nameStop, firstStop)
    const methodStop = wordStop(view, method, firstStop)
    if (methodStop < firstStop) return false
    header.slots.clear()
    header.slots.set(SLOT.logger, name, nameStop)
    header.slots.set(SLOT.location, method, methodStop)
    if (nextLine >= end) {
      header.level = levelOfWord(view, 0, 0)
      header.messageStart = name
      header.messageEnd = firstStop
      return (
        methodStop > method && classParts(view, name, nameStop) > 1 && view.getUint8(header.timeEnd - 1) === LETTER_M
      )
    }
    let colon = nextLine
    while (colon < end && !isBlank(view.getUint8(colon)) && view.getUint8(colon) !== COLON) colon++
    if (colon >= end || view.getUint8(colon) !== COLON || !isCapital(view, nextLine, colon)) return false
    header.level = levelOfWord(view, nextLine, colon)
    const stop = lineStop(view, nextLine, end)
    this.#record.firstStop = stop > nextLine && view.getUint8(stop - 1) === CR ? stop - 1 : stop
    header.messageStart = Math.min(skipBlanks(view, colon + 1, stop), this.#record.firstStop)
    header.messageEnd = this.#record.firstStop
    return header.level >= 0
  }
}

/** The first byte; after a single blank the next, since `%5p` puts one before INFO and WARN. */
function firstByte({ bytes, start, end }: Line): number {
  const first = start < end ? (bytes[start] ?? 0) : 0
  return first === 0x20 && start + 1 < end && isUpper(bytes[start + 1] ?? 0) ? (bytes[start + 1] ?? 0) : first
}

const LETTER_M = 0x4d
