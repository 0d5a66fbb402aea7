/** zap's console encoder: columns between tabs, `time⇥LEVEL⇥logger⇥caller⇥message⇥{"key":"value"}`, most of them optional. */
import { LOG_LEVELS } from '../../model/log-entry.ts'
import { skipColours } from '../colours.ts'
import type { EntryFacts, Line, LineContext, NdjsonBuffer } from '../line.ts'
import { PairWriter } from '../pair-writer.ts'
import { lineStop, trimLineEnds } from '../stack-trace.ts'
import { GoPairs } from './go-pairs.ts'
import type { HeaderedRecord } from './header-entry.ts'
import { levelOfWord } from './header-level.ts'
import { BRACE, isDigit, isName, isSourceFile, TAB } from './header-words.ts'

const ESCAPE = 0x1b
const BRACE_CLOSE = 0x7d

export class GoZap {
  readonly #record: HeaderedRecord
  readonly #pairs: PairWriter
  readonly #tail: GoPairs
  readonly #timeText = Buffer.alloc(40)
  #timeStart = 0
  #timeEnd = 0
  #level = -1
  /** Where the column after the level begins. */
  #rest = 0

  constructor(record: HeaderedRecord, context: LineContext) {
    this.#record = record
    this.#pairs = new PairWriter(context, record.bytes)
    this.#tail = new GoPairs(record.bytes, this.#pairs)
  }

  /** Whether the line in [start, end) begins with a time and a level between tabs. */
  read(view: DataView, start: number, end: number): boolean {
    if (start >= end || !isDigit(view.getUint8(start))) return false
    const { time } = this.#record.writer
    this.#timeStart = start
    let at = time.readAny(view, start, end)
    if (at < 0) {
      // `1.7053056001e+09` and `1705305600.1`: seconds since 1970.
      at = columnStop(view, start, end)
      if (at >= end || !this.#readEpoch(view, start, at)) return false
    }
    if (at >= end || view.getUint8(at) !== TAB) return false
    this.#timeEnd = at
    const stop = columnStop(view, at + 1, end)
    // Colours: `\e[34mINFO\e[0m`.
    const from = skipColours(view, at + 1, stop)
    let to = from
    while (to < stop && view.getUint8(to) !== ESCAPE) to++
    this.#level = from < to && skipColours(view, to, stop) === stop ? levelOfWord(view, from, to) : -1
    this.#rest = Math.min(stop + 1, end)
    return this.#level >= 0
  }

  finish(line: Line, out: NdjsonBuffer, facts: EntryFacts): void {
    const pairs = this.#pairs
    const { time } = this.#record.writer
    const { view, end } = this.#record.bytes
    const lineEnd = this.#record.firstStop
    pairs.begin()
    if (time.isPlausible(line.readMs))
      pairs.addJson('timestamp', `"${this.#timeText.toString('latin1', 0, time.write(this.#timeText, 0))}"`)
    else pairs.add('timestamp', this.#timeStart, this.#timeEnd)
    pairs.addJson('level', `"${LOG_LEVELS[this.#level] ?? ''}"`)
    let at = this.#rest
    for (let column = 0; column < 2; column++) {
      const stop = columnStop(view, at, lineEnd)
      if (stop >= lineEnd) break
      if (isSourceFile(view, at, stop)) pairs.add('caller', at, stop)
      // A name is no message: that would have fields after it, or nothing.
      else if (column === 0 && isName(view, at, stop) && stop + 1 < lineEnd && view.getUint8(stop + 1) !== BRACE)
        pairs.add('logger', at, stop)
      else break
      at = stop + 1
    }
    const trace = this.#traceStart(end)
    const messageEnd = trace < 0 ? end : trimLineEnds(view, at, trace)
    const object = this.#objectStart(at, lineEnd)
    // An object of fields ends the first line; what follows it can only be a trace.
    if (object >= 0 && (trace >= 0 || lineEnd === end) && this.#tail.addObject(object, lineEnd)) {
      pairs.add('message', at, Math.max(at, object - 1))
    } else pairs.add('message', at, messageEnd)
    if (trace >= 0) pairs.add('stack_trace', trace, trimLineEnds(view, trace, end))
    pairs.end(line, out, facts)
  }

  /** `main.main` and `⇥/app/main.go:12`, pairwise: what comes after the first line, when it begins so; −1 without. */
  #traceStart(end: number): number {
    const { view } = this.#record.bytes
    const start = this.#record.nextLine
    if (start >= end) return -1
    const next = lineStop(view, start, end) + 1
    return next < end && view.getUint8(next) === TAB && isName(view, start, Math.min(next - 1, start + 1)) ? start : -1
  }

  /** Where a last column in braces begins; −1 without. */
  #objectStart(start: number, end: number): number {
    const { view } = this.#record.bytes
    if (end - start < 2 || view.getUint8(end - 1) !== BRACE_CLOSE) return -1
    let at = end - 1
    while (at > start && view.getUint8(at - 1) !== TAB) at--
    return view.getUint8(at) === BRACE ? at : -1
  }

  #readEpoch(view: DataView, start: number, end: number): boolean {
    const { time } = this.#record.writer
    if (end - start > 24) return false
    if (time.readEpoch(view, start, end)) return end - start > 9
    let text = ''
    for (let i = start; i < end; i++) text += String.fromCharCode(view.getUint8(i))
    const seconds = Number(text)
    if (!(seconds > 0 && seconds < 1e11)) return false
    time.set(Math.round(seconds * 1e6) / 1000)
    return true
  }
}

function columnStop(view: DataView, start: number, end: number): number {
  let at = start
  while (at < end && view.getUint8(at) !== TAB) at++
  return at
}
