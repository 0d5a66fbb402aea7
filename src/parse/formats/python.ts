/**
 * Logs of Python programs: logging in its usual layouts, with or without a time, and what frameworks make of it (Django,
 * Flask, uvicorn, gunicorn, Celery, Airflow, OpenStack, Salt, Scrapy, Tornado, loguru). Nearly all of it is a header as
 * header.ts reads it; the rest has forms of its own, below. Loggers of other languages with the same parts come out right, too:
 * Ruby's Logger, Monolog, Rust's env_logger, Android's logcat.
 */
import type { EntryFacts, FormatParser, Line, LineContext, NdjsonBuffer } from '../line.ts'
import { HeaderedRecord } from './header-entry.ts'
import { levelOfWord, numberedLevel, numberedLevelStop } from './header-level.ts'
import { SLOT } from './header-slots.ts'
import { COLON, isBlank, isDigit, isName, isUpper, OPEN, skipBlanks, wordStop } from './header-words.ts'
import { LineView } from './line-view.ts'
import { PythonRequest } from './python-request.ts'

/** A header that is not over by then is none. */
const MAX_HEADER_BYTES = 1024

export function createPythonParser(context: LineContext): FormatParser {
  return new PythonParser(context)
}

class PythonParser implements FormatParser {
  readonly #record: HeaderedRecord
  readonly #request: PythonRequest
  readonly #lines = new LineView()

  constructor(context: LineContext) {
    this.#record = new HeaderedRecord(context)
    this.#request = new PythonRequest(this.#record)
  }

  tryParse(line: Line, out: NdjsonBuffer, facts: EntryFacts): string | undefined {
    if (!mayBegin(line)) return 'no timestamp'
    const record = this.#record
    record.take(line)
    const { view, start } = record.bytes
    let reason = record.readHeader(start)
    if (reason !== undefined) {
      reason = this.#readOther(view, start, record.firstStop) ? undefined : reason
      if (reason !== undefined) return reason
    }
    if (record.header.isOfJava) return 'a header of java'
    record.finish(line, out, facts)
    return undefined
  }

  startsRecord(line: Line): boolean {
    if (!mayBegin(line)) return false
    const view = this.#lines.of(line)
    const { header, writer } = this.#record
    writer.time.readMs = line.readMs
    const end = Math.min(line.end, line.start + MAX_HEADER_BYTES)
    if (header.beginsWithTime(view, line.start, end)) return true
    return header.read(view, line.start, end) === undefined || this.#readOther(view, line.start, end)
  }

  /** Fills in the header from a line of another form. */
  #readOther(view: DataView, start: number, end: number): boolean {
    return (
      this.#readBasic(view, start, end) || this.#request.read(view, start, end) || this.#readAfterFile(view, start, end)
    )
  }

  /** `WARNING:root:msg`, logging's default, and uvicorn's `INFO:     msg`, padded to ten columns. */
  #readBasic(view: DataView, start: number, end: number): boolean {
    const { header } = this.#record
    const numbered = numberedLevelStop(view, start, end)
    let colon = numbered > 0 ? numbered : start
    while (colon < end && isUpper(view.getUint8(colon))) colon++
    if (colon === start || colon + 1 >= end || view.getUint8(colon) !== COLON) return false
    const level = numbered > 0 ? numberedLevel(view, numbered) : levelOfWord(view, start, colon)
    if (level < 0) return false
    header.slots.clear()
    const next = colon + 1
    if (isBlank(view.getUint8(next))) {
      const at = skipBlanks(view, next, end)
      if (at !== start + UVICORN_COLUMNS || at >= end) return false
      header.messageStart = at
      this.#request.readAccess(view, at, end)
    } else {
      let stop = next
      while (stop < end && view.getUint8(stop) !== COLON && !isBlank(view.getUint8(stop))) stop++
      if (stop >= end || view.getUint8(stop) !== COLON || !isName(view, next, stop)) return false
      header.slots.set(SLOT.logger, next, stop)
      header.messageStart = stop + 1
    }
    header.level = level
    header.timeStart = header.timeEnd = start
    header.messageEnd = end
    return true
  }

  /** `nova-api.log.1.2017-05-16_13:53:08 2017-05-16 00:00:00.008 25746 INFO …`: the file's name, as collections of logs have it. */
  #readAfterFile(view: DataView, start: number, end: number): boolean {
    const stop = wordStop(view, start, end)
    if (stop + 1 >= end || !isDigit(view.getUint8(stop + 1)) || !hasLogSuffix(view, start, stop)) return false
    if (this.#record.header.read(view, stop + 1, end) !== undefined) return false
    this.#record.header.slots.set(SLOT.logFile, start, stop)
    return true
  }
}

const UVICORN_COLUMNS = 10

/** A digit, a bracket or a letter; one blank may stand before a level. */
function mayBegin({ bytes, start, end }: Line): boolean {
  if (start >= end) return false
  const first = bytes[start] ?? 0
  if (first === 0x20) return start + 1 < end && isUpper(bytes[start + 1] ?? 0)
  const lower = first | 0x20
  return isDigit(first) || first === OPEN || (lower >= 0x61 && lower <= 0x7a)
}

function hasLogSuffix(view: DataView, start: number, end: number): boolean {
  for (let at = start; at + 4 <= end; at++) if (view.getUint32(at) === DOT_LOG) return true
  return false
}

/** `.log` */
const DOT_LOG = 0x2e6c6f67
