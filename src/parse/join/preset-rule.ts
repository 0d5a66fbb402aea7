/**
 * The presets: which lines go on with the record before, as a small state machine over kinds of lines (see trace-lines.ts).
 * A line that is nothing of a trace begins a record; what heads a trace goes on with a line before it, but not with another
 * trace that is over. Several presets are one machine that knows the lines of all of them.
 */
import type { MultilinePreset } from '../../config/steps.ts'
import { LineView } from '../formats/line-view.ts'
import type { Line } from '../line.ts'
import { beginsWith, TRACE, type TraceKind, traceKind } from '../trace-lines.ts'
import { isPostgresDetail, mayBeginRecord } from './postgres-lines.ts'

const NODE_VERSION = Buffer.from('Node.js v')

/** Where a stream is. */
const STATE = {
  /** After an ordinary line. */
  line: 0,
  /** After what heads a trace (an exception, `Traceback`, `panic: `), and among its frames. */
  trace: 1,
  /** After a line in a trace that closes it: Python's exception, `exit status 2`. Only a chained trace goes on. */
  closed: 2,
  /** After an empty line in or after a trace. */
  gap: 3,
} as const

type State = (typeof STATE)[keyof typeof STATE]

export class PresetRule {
  readonly #lines = new LineView()
  readonly #hasPython: boolean
  readonly #hasGo: boolean
  readonly #hasNode: boolean
  readonly #hasRust: boolean
  readonly #hasRuby: boolean
  readonly #hasPostgres: boolean
  readonly #onlyPostgres: boolean
  #hasLine = false
  #state: State = STATE.line
  /** The trace is Python's: a line without indent after its frames is its exception. */
  #isTraceback = false
  /** A Rust panic's text comes on the next line, or the source text at the place node named. */
  #isTextDue = false
  #wasFrame = false

  constructor(presets: readonly MultilinePreset[]) {
    this.#hasPython = presets.includes('python')
    this.#hasGo = presets.includes('go')
    this.#hasNode = presets.includes('node')
    this.#hasRuby = presets.includes('ruby')
    this.#hasRust = presets.includes('rust')
    this.#hasPostgres = presets.includes('postgres')
    this.#onlyPostgres = presets.every((preset) => preset === 'postgres')
  }

  begins(line: Line): boolean {
    const view = this.#lines.of(line)
    const { start, end } = line
    if (!this.#hasLine) {
      this.#hasLine = true
      this.#begin(traceKind(view, start, end), view, line)
      return true
    }
    if (this.#hasPostgres && this.#goesOnInPostgres(view, start, end)) return false
    const kind = traceKind(view, start, end)
    const goesOn = this.#goesOn(kind, view, line)
    if (!goesOn) this.#begin(kind, view, line)
    this.#wasFrame = kind === TRACE.frame || kind === TRACE.indented
    return !goesOn
  }

  /** A record begins: perhaps with a trace at once. */
  #begin(kind: TraceKind, view: DataView, { start, end }: Line): void {
    this.#isTraceback = kind === TRACE.heading && this.#hasPython
    this.#isTextDue =
      (kind === TRACE.panic && this.#hasRust && endsInColon(view, start, end)) ||
      (kind === TRACE.none && this.#hasNode && isPlace(view, start, end))
    this.#state =
      kind === TRACE.none || kind === TRACE.blank || kind === TRACE.maybeException ? STATE.line : STATE.trace
  }

  #goesOn(kind: TraceKind, view: DataView, { start, end }: Line): boolean {
    switch (kind) {
      case TRACE.frame:
      case TRACE.cause:
        this.#state = STATE.trace
        return true
      case TRACE.indented:
        this.#state = STATE.trace
        return true
      case TRACE.blank:
        // A Rust panic has an empty line before it.
        if (this.#state === STATE.line) return this.#hasRust
        this.#state = STATE.gap
        return true
      case TRACE.chain:
        if (this.#state !== STATE.line) this.#state = STATE.trace
        return this.#state !== STATE.line
      case TRACE.heading:
        return this.#goesOnWithHeading()
      case TRACE.exception:
        if (this.#isTraceback) return this.#closeTraceback()
        return this.#head(this.#hasNode && this.#state === STATE.gap ? STATE.gap : STATE.line)
      case TRACE.maybeException:
        if (this.#isTraceback) return this.#closeTraceback()
        // node prints the source line and an empty one before the error that ends it.
        return this.#hasNode && this.#state === STATE.gap && this.#head(STATE.gap)
      case TRACE.panic:
        this.#isTextDue = this.#hasRust && endsInColon(view, start, end)
        return (this.#hasGo || this.#hasRust) && this.#head(STATE.line)
      case TRACE.goroutine:
      case TRACE.goFrame:
        return this.#hasGo && this.#goesOnInGo(kind)
      case TRACE.note:
        return this.#hasRust && this.#state !== STATE.line
      default:
        return this.#goesOnWithText(view, start, end)
    }
  }

  /** What heads a trace belongs to a line before it. */
  #head(wanted: State): boolean {
    const goesOn = this.#state === wanted
    this.#state = STATE.trace
    return goesOn
  }

  /** `Traceback …` after a line, after `During handling …`, or `Stack trace:` after an exception. */
  #goesOnWithHeading(): boolean {
    const goesOn = this.#state !== STATE.closed
    this.#isTraceback = this.#hasPython
    this.#state = STATE.trace
    return goesOn
  }

  /** Python's exception comes after its frames, without indent. */
  #closeTraceback(): boolean {
    if (this.#state !== STATE.trace || !this.#wasFrame) return false
    this.#state = STATE.closed
    return true
  }

  #goesOnInGo(kind: TraceKind): boolean {
    if (this.#state === STATE.line && kind !== TRACE.goroutine) return false
    this.#state = STATE.trace
    return true
  }

  /** Text without indent: `KeyError` alone closes a traceback; what a Rust panic says stands on the line after it. */
  #goesOnWithText(view: DataView, start: number, end: number): boolean {
    if (this.#isTraceback && this.#state === STATE.trace && this.#wasFrame && isBareName(view, start, end)) {
      this.#state = STATE.closed
      return true
    }
    if (this.#isTextDue) {
      this.#isTextDue = false
      return true
    }
    if (this.#hasRuby && this.#wasFrame && isRubyCause(view, start, end)) return true
    if (!this.#hasNode) return false
    // An error with properties ends in a brace; what ends the program in node's version.
    if (this.#state === STATE.trace && end - start === 1 && view.getUint8(start) === 0x7d) return true
    if (this.#state !== STATE.gap || !beginsWith(view, { start, end, text: NODE_VERSION })) return false
    this.#state = STATE.closed
    return true
  }

  /** Lines without a prefix of time and process, and the details that follow an error. */
  #goesOnInPostgres(view: DataView, start: number, end: number): boolean {
    if (mayBeginRecord(view, start, end)) return isPostgresDetail(view, start, end)
    return this.#onlyPostgres || (end > start && view.getUint8(start) === 0x09)
  }
}

/** `KeyboardInterrupt`, `app.Oops`: one word, a capital in it. */
function isBareName(view: DataView, start: number, end: number): boolean {
  let hasCapital = false
  for (let at = start; at < end; at++) {
    const byte = view.getUint8(at)
    if (byte === 0x20 || byte === 0x3d || byte === 0x5b) return false
    if (byte >= 0x41 && byte <= 0x5a) hasCapital = true
  }
  return hasCapital
}

/** `/app/index.js:12`, with which node begins when an error ends it. */
function isPlace(view: DataView, start: number, end: number): boolean {
  if (end - start < 5 || view.getUint8(start) !== 0x2f) return false
  let at = end
  while (at > start && view.getUint8(at - 1) >= 0x30 && view.getUint8(at - 1) <= 0x39) at--
  return at < end && view.getUint8(at - 1) === 0x3a
}

function endsInColon(view: DataView, start: number, end: number): boolean {
  let at = end
  while (at > start && (view.getUint8(at - 1) === 0x0d || view.getUint8(at - 1) === 0x20)) at--
  return at > start && view.getUint8(at - 1) === 0x3a
}

/** `app.rb:1:in 'f': boom (ArgumentError)`, which follows the frames of what it led to. */
function isRubyCause(view: DataView, start: number, end: number): boolean {
  if (end - start < 12 || view.getUint8(end - 1) !== 0x29) return false
  for (let at = start; at + 4 < end; at++) {
    if (view.getUint8(at) === 0x20) return false
    if (view.getUint32(at) === COLON_IN) return true
  }
  return false
}

/** `:in ` */
const COLON_IN = 0x3a696e20
