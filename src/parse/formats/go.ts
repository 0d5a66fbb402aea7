/**
 * Logs of Go programs that are no logfmt: the standard library's, zap's and zerolog's consoles, logrus on a terminal, hclog,
 * gin, and glog.
 *
 *     2024/01/15 08:00:00 main.go:12: msg                    log; a prefix may stand in front
 *     2024/01/15 08:00:00 INFO msg count=3                   log/slog's default
 *     2024-01-15T08:00:00.123Z⇥INFO⇥http⇥main.go:12⇥msg⇥{…}  zap
 *     8:00AM INF main.go:12 > msg key=value                  zerolog; the time may be a full one
 *     INFO[0012] msg           key=value                     logrus
 *     2024-01-15T08:00:00.123Z [INFO]  agent: msg            hclog (Consul, Vault, Terraform)
 *     [GIN] 2024/01/15 - 08:00:00 | 200 |  1.2ms | 127.0.0.1 | GET "/path"
 */
import type { EntryFacts, FormatParser, Line, LineContext, NdjsonBuffer } from '../line.ts'
import { GoConsole } from './go-console.ts'
import { GoStandard } from './go-standard.ts'
import { GoZap } from './go-zap.ts'
import { HeaderedRecord } from './header-entry.ts'
import { BLANK, CLOSE, isDigit, isUpper, OPEN } from './header-words.ts'
import { createKlogParser } from './klog.ts'
import { LineView } from './line-view.ts'

/** A header that is not over by then is none. */
const MAX_HEADER_BYTES = 256
const MAX_TITLE_BYTES = 24

export function createGoParser(context: LineContext): FormatParser {
  return new GoParser(context)
}

class GoParser implements FormatParser {
  readonly #record: HeaderedRecord
  readonly #standard: GoStandard
  readonly #zap: GoZap
  readonly #console: GoConsole
  readonly #klog: FormatParser
  readonly #lines = new LineView()

  constructor(context: LineContext) {
    this.#record = new HeaderedRecord(context)
    this.#standard = new GoStandard(this.#record)
    this.#zap = new GoZap(this.#record, context)
    this.#console = new GoConsole(this.#record)
    this.#klog = createKlogParser(context)
  }

  tryParse(line: Line, out: NdjsonBuffer, facts: EntryFacts): string | undefined {
    if (line.start >= line.end) return 'no timestamp'
    if (this.#klog.tryParse(line, out, facts) === undefined) return undefined
    const record = this.#record
    record.take(line)
    const { view } = record.bytes
    const stop = record.firstStop
    const start = indentStop(record.bytes.bytes, record.bytes.start, stop)
    if (this.#zap.read(view, start, stop)) {
      this.#zap.finish(line, out, facts)
      return undefined
    }
    if (!this.#standard.read(view, start, stop) && !this.#console.read(view, start, stop)) return 'no timestamp'
    record.finish(line, out, facts)
    return undefined
  }

  startsRecord(line: Line): boolean {
    if (line.start >= line.end) return false
    const first = line.bytes[line.start] ?? 0
    if (first === 0x20) return this.#startsIndented(line)
    if (first === 0x09) return false
    if (this.#klog.startsRecord?.(line)) return true
    if (isTitled(line)) return true
    const { header, writer } = this.#record
    const view = this.#lines.of(line)
    writer.time.readMs = line.readMs
    if (isDigit(first) && header.beginsWithTime(view, line.start, line.end)) return true
    const end = Math.min(line.end, line.start + MAX_HEADER_BYTES)
    const readers = isDigit(first) ? [this.#console, this.#zap] : [this.#console, this.#standard]
    return readers.some((reader) => reader.read(view, line.start, end))
  }

  #startsIndented(line: Line): boolean {
    const at = indentStop(line.bytes, line.start, line.end)
    if (at === line.start) return false
    this.#record.writer.time.readMs = line.readMs
    return this.#record.header.beginsWithTime(this.#lines.of(line), at, line.end)
  }
}

/** Past the four blanks that Consul, Vault and Nomad put before a time once. */
function indentStop(bytes: Buffer, start: number, end: number): number {
  const stop = start + 4
  if (stop >= end || !isDigit(bytes[stop] ?? 0)) return start
  for (let at = start; at < stop; at++) if (bytes[at] !== BLANK) return start
  return stop
}

/** `[GIN-debug] msg`: what gin says before its requests has no header, and goes on with none. */
function isTitled({ bytes, start, end }: Line): boolean {
  if (bytes[start] !== OPEN || !isUpper(bytes[start + 1] ?? 0)) return false
  const limit = Math.min(end - 1, start + MAX_TITLE_BYTES)
  for (let at = start + 2; at < limit; at++) if (bytes[at] === CLOSE) return bytes[at + 1] === BLANK
  return false
}
