/**
 * What a line is to the stack trace it may belong to, by its first bytes: one pass over the line at most, whatever it holds.
 * The facts about who writes which lines are those of the runtimes themselves (Throwable.printStackTrace, CPython's
 * traceback.c, Go's runtime/traceback.go, V8, .NET's Exception.ToString, Ruby, PHP, Rust's std::backtrace).
 */

/** Kinds of lines. Numbers, because they are compared once per line. */
export const TRACE = {
  /** Nothing of a trace. */
  none: 0,
  /** Empty, or blanks only. */
  blank: 1,
  /** Indented, and none of the frames below: source text in Python, file and line in Go. */
  indented: 2,
  /** `\tat `, `... 12 more`, `  File "`, `\tfrom x.rb:1:in`, `#0 `, `   0: `, `  thrown in`, `--- End of inner exception stack trace ---`. */
  frame: 3,
  /** `Caused by: `, `Suppressed: `, `Wrapped by: `, ` ---> `. */
  cause: 4,
  /** `java.lang.IllegalStateException: text`: not indented, a name with a point, ending like an exception. */
  exception: 5,
  /** `TypeError: text`, `app.Oops: text`: only a frame after it tells it from prose. */
  maybeException: 6,
  /** `Traceback (most recent call last):`, `Stack trace:`, `stack backtrace:`, `[stacktrace]`. */
  heading: 7,
  /** `During handling of the above exception, another exception occurred:` and its sister. */
  chain: 8,
  /** `panic: `, `fatal error: `, `thread 'main' panicked at`. */
  panic: 9,
  /** `goroutine 1 [running]:`. */
  goroutine: 10,
  /** `main.main()`, `created by `, `[signal SIGSEGV`, `exit status 2`. */
  goFrame: 11,
  /** `note: run with RUST_BACKTRACE=1`. */
  note: 12,
} as const

export type TraceKind = (typeof TRACE)[keyof typeof TRACE]

/** Beginnings of lines that are not indented. */
const BEGINNINGS: readonly (readonly [string, TraceKind])[] = [
  ['Caused by: ', TRACE.cause],
  ['Suppressed: ', TRACE.cause],
  ['Wrapped by: ', TRACE.cause],
  ['... ', TRACE.frame],
  ['Traceback (most recent call last)', TRACE.heading],
  ['Stack trace:', TRACE.heading],
  ['PHP Stack trace:', TRACE.heading],
  ['PHP   ', TRACE.frame],
  ['[stacktrace]', TRACE.heading],
  ['[previous exception]', TRACE.cause],
  ['stack backtrace:', TRACE.heading],
  ['During handling of the above exception', TRACE.chain],
  ['The above exception was the direct cause', TRACE.chain],
  ['[Previous line repeated', TRACE.frame],
  ['--- End of ', TRACE.frame],
  ['---> ', TRACE.cause],
  ['panic: ', TRACE.panic],
  ['fatal error: ', TRACE.panic],
  ['unexpected fault address', TRACE.panic],
  ["thread '", TRACE.panic],
  ['goroutine ', TRACE.goroutine],
  ['created by ', TRACE.goFrame],
  ['exit status ', TRACE.goFrame],
  ['[signal ', TRACE.goFrame],
  ['[recovered]', TRACE.goFrame],
  ['runtime stack:', TRACE.goFrame],
  ['note: ', TRACE.note],
  ['Exception in thread "', TRACE.exception],
]

/** Beginnings after the indent. */
const INDENTED: readonly (readonly [string, TraceKind])[] = [
  ['at ', TRACE.frame],
  ['... ', TRACE.frame],
  ['File "', TRACE.frame],
  ['from ', TRACE.frame],
  ['thrown in ', TRACE.frame],
  ['[Previous line repeated', TRACE.frame],
  ['[CIRCULAR REFERENCE', TRACE.frame],
  ['--- End of ', TRACE.frame],
  ['Caused by: ', TRACE.cause],
  ['Suppressed: ', TRACE.cause],
  ['---> ', TRACE.cause],
  ['+ Exception Group Traceback', TRACE.heading],
]

type Table = readonly (readonly (readonly [Buffer, TraceKind])[] | undefined)[]
const BEGINNING_BY_BYTE = byFirstByte(BEGINNINGS)
const INDENTED_BY_BYTE = byFirstByte(INDENTED)

/** A name is looked at up to here; no exception is called longer. */
const MAX_NAME_BYTES = 256

const EXCEPTION_ENDS: readonly Buffer[] = ['Exception', 'Error', 'Throwable', 'Warning'].map((end) => Buffer.from(end))

/** The kind of the line in bytes [start, end), its line end left out. */
export function traceKind(view: DataView, start: number, end: number): TraceKind {
  if (start >= end) return TRACE.blank
  const first = view.getUint8(start)
  if (first !== 0x20 && first !== 0x09 && first !== 0x0d) {
    const kind = lookUp(BEGINNING_BY_BYTE, view, { start, end })
    if (kind !== TRACE.none) return kind
    if (first === HASH) return numberStop(view, start + 1, end) > start + 1 ? TRACE.frame : TRACE.none
    return nameKind(view, start, end)
  }
  const at = skipBlanks(view, start, end)
  if (at === end || view.getUint8(at) === 0x0d) return TRACE.blank
  const kind = lookUp(INDENTED_BY_BYTE, view, { start: at, end })
  if (kind !== TRACE.none) return kind
  // `   0: core::panicking`, `\t 2: from x.rb:3:in`, `    #1 {main}`.
  const digits = view.getUint8(at) === HASH ? at + 1 : at
  const stop = numberStop(view, digits, end)
  if (stop > digits && stop < end && (digits > at || view.getUint8(stop) === COLON)) return TRACE.frame
  return TRACE.indented
}

/** Whether bytes [start, …) begin with `text`. */
export function beginsWith(
  view: DataView,
  { start, end, text }: { start: number; end: number; text: Buffer },
): boolean {
  if (end - start < text.length) return false
  for (let i = 0; i < text.length; i++) if (view.getUint8(start + i) !== text[i]) return false
  return true
}

/** The position after a name like `java.lang.Error`, `app::Oops` or `main.(*Server).Run`, or `start`. */
export function exceptionNameStop(view: DataView, start: number, end: number): number {
  const limit = Math.min(end, start + MAX_NAME_BYTES)
  let at = start
  while (at < limit && isNameByte(view.getUint8(at))) at++
  // Ruby's and PHP's names have `::` and `\` in them; a colon before a blank ends the name.
  while (at > start && view.getUint8(at - 1) === COLON) at--
  const first = at > start ? view.getUint8(start) | 0x20 : 0
  return (first >= 0x61 && first <= 0x7a) || first === 0x7f ? at : start
}

/** A line that is not indented and begins with a name. */
function nameKind(view: DataView, start: number, end: number): TraceKind {
  const stop = exceptionNameStop(view, start, end)
  if (stop === start) return TRACE.none
  const after = stop < end ? view.getUint8(stop) : COLON
  if (after === 0x28) return isGoFrame(view, start, end) ? TRACE.goFrame : TRACE.none
  const isNamed = after === COLON && (stop + 1 >= end || view.getUint8(stop + 1) === 0x20)
  if (!isNamed && after !== 0x0d) return TRACE.none
  let hasPoint = false
  for (let i = start; i < stop && !hasPoint; i++) hasPoint = view.getUint8(i) === 0x2e || view.getUint8(i) === 0x5c
  const isException = EXCEPTION_ENDS.some((text) =>
    beginsWith(view, { start: Math.max(start, stop - text.length), end: stop, text }),
  )
  return isException && hasPoint ? TRACE.exception : TRACE.maybeException
}

/** `main.(*T).run(0xc000012345, 0x2)`: a point, and the line ends with the arguments. */
function isGoFrame(view: DataView, start: number, end: number): boolean {
  let last = end - 1
  if (view.getUint8(last) === 0x0d) last--
  if (last <= start || view.getUint8(last) !== 0x29) return false
  for (let i = start; i < last; i++) {
    const byte = view.getUint8(i)
    if (byte === 0x2e) return true
    if (byte === 0x20) return false
  }
  return false
}

function lookUp(table: Table, view: DataView, { start, end }: { start: number; end: number }): TraceKind {
  const row = table[view.getUint8(start)]
  if (row === undefined) return TRACE.none
  for (const [text, kind] of row) if (beginsWith(view, { start, end, text })) return kind
  return TRACE.none
}

function byFirstByte(rows: readonly (readonly [string, TraceKind])[]): Table {
  const table: [Buffer, TraceKind][][] = []
  for (const [text, kind] of rows) {
    const first = text.charCodeAt(0)
    table[first] ??= []
    table[first]?.push([Buffer.from(text), kind])
  }
  return Array.from({ length: 256 }, (_, byte) => table[byte])
}

function skipBlanks(view: DataView, start: number, end: number): number {
  let at = start
  while (at < end && (view.getUint8(at) === 0x20 || view.getUint8(at) === 0x09)) at++
  return at
}

function numberStop(view: DataView, start: number, end: number): number {
  let at = start
  while (at < end && view.getUint8(at) >= 0x30 && view.getUint8(at) <= 0x39) at++
  return at
}

/** Letters, digits, `_ . $ : \ /`, and other scripts. */
function isNameByte(byte: number): boolean {
  const lower = byte | 0x20
  if ((lower >= 0x61 && lower <= 0x7a) || (byte >= 0x2e && byte <= 0x3a)) return true
  return byte === 0x5f || byte === 0x24 || byte === 0x5c || byte >= 0x80
}

const HASH = 0x23
const COLON = 0x3a
