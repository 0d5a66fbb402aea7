/**
 * The stack trace in a record of several lines: where it begins, and what exception it is of. For formats that are text; JSON
 * has its traces in members.
 */

import { member } from './entry-members.ts'
import type { EntryWriter } from './entry-writer.ts'
import { fieldNumber } from './fields.ts'
import { exceptionNameStop, TRACE, type TraceKind, traceKind } from './trace-lines.ts'

const STACK_TRACE = fieldNumber('stack_trace')
const ERROR_MESSAGE = fieldNumber('error_message')
const EXCEPTION = member('exception')

const LF = 0x0a
const CR = 0x0d
const COLON = 0x3a
const QUOTE = 0x22

/** End of the line that begins at `start`: its LF, or `end`. */
export function lineStop(view: DataView, start: number, end: number): number {
  let at = start
  while (at < end && view.getUint8(at) !== LF) at++
  return at
}

/** Without the CR before a line end, and without empty lines. */
export function trimLineEnds(view: DataView, start: number, end: number): number {
  let at = end
  while (at > start && (view.getUint8(at - 1) === CR || view.getUint8(at - 1) === LF)) at--
  return at
}

/**
 * Where the stack trace begins in bytes [start, end), or `end`: the first line after the first that is one of a trace. What
 * comes before is the message.
 */
export function splitTrace(view: DataView, start: number, end: number): number {
  for (let at = lineStop(view, start, end) + 1; at < end; ) {
    const stop = lineStop(view, at, end)
    const kind = traceKind(view, at, stop)
    if (opensTrace(kind) || (kind === TRACE.maybeException && nextIsFrame(view, stop, end))) return at
    at = stop + 1
  }
  return end
}

/** Sets `stack_trace`, and the class and text of its exception where it names one. */
export function writeTrace(
  writer: EntryWriter,
  view: DataView,
  { trace, end, messageStart, messageEnd }: { trace: number; end: number; messageStart: number; messageEnd: number },
): void {
  writer.set(STACK_TRACE, trace, trimLineEnds(view, trace, end))
  const kind = traceKind(view, trace, lineStop(view, trace, end))
  if (kind === TRACE.panic) {
    const stop = lineStop(view, trace, end)
    let at = trace
    while (at < stop && view.getUint8(at) !== COLON) at++
    if (at + 2 < stop && view.getUint8(trace) !== 0x74) writer.set(ERROR_MESSAGE, at + 2, trimLineEnds(view, at, stop))
    return
  }
  if (kind === TRACE.heading) {
    // Python says what it was at the very end, and what a chain led to last.
    const last = lastException(view, trace, end)
    if (last >= 0) writeException(writer, view, { at: last, end })
    return
  }
  if (kind === TRACE.exception || kind === TRACE.maybeException) writeException(writer, view, { at: trace, end })
  else if (kind === TRACE.cause) {
    let at = trace
    while (view.getUint8(at) !== 0x20 || view.getUint8(at - 1) !== COLON) if (++at >= end) return
    writeException(writer, view, { at: at + 1, end })
  } else if (kind === TRACE.frame) {
    const at = lastLineStart(view, messageStart, messageEnd)
    const before = traceKind(view, at, messageEnd)
    if (before === TRACE.exception || before === TRACE.maybeException) writeException(writer, view, { at, end })
  }
}

/** `java.lang.Error: text`, also after `Exception in thread "main" `. */
function writeException(writer: EntryWriter, view: DataView, { at, end }: { at: number; end: number }): void {
  const stop = trimLineEnds(view, at, lineStop(view, at, end))
  let start = at
  for (let i = at; i < stop && i < at + MAX_THREAD_BYTES; i++) {
    const byte = view.getUint8(i)
    if (byte === COLON) break
    if (byte === QUOTE && i + 2 < stop && view.getUint8(i + 1) === 0x20) start = i + 2
  }
  const nameStop = exceptionNameStop(view, start, stop)
  if (nameStop === start) return
  writer.add(EXCEPTION, start, nameStop)
  if (nameStop + 2 < stop) writer.set(ERROR_MESSAGE, nameStop + 2, stop)
}

const MAX_THREAD_BYTES = 256

function opensTrace(kind: TraceKind): boolean {
  switch (kind) {
    case TRACE.frame:
    case TRACE.cause:
    case TRACE.exception:
    case TRACE.heading:
    case TRACE.panic:
    case TRACE.goroutine:
      return true
    default:
      return false
  }
}

function nextIsFrame(view: DataView, stop: number, end: number): boolean {
  return stop + 1 < end && traceKind(view, stop + 1, lineStop(view, stop + 1, end)) === TRACE.frame
}

/** The last line that follows an indented one, is not indented itself, and begins with a name; −1 without. */
function lastException(view: DataView, start: number, end: number): number {
  let found = -1
  let wasIndented = false
  for (let at = start; at < end; ) {
    const stop = lineStop(view, at, end)
    const kind = traceKind(view, at, stop)
    const isIndented = kind === TRACE.indented || kind === TRACE.frame
    if (wasIndented && !isIndented && exceptionNameStop(view, at, stop) > at && kind !== TRACE.chain) found = at
    wasIndented = isIndented
    at = stop + 1
  }
  return found
}

function lastLineStart(view: DataView, start: number, end: number): number {
  let at = end
  while (at > start && view.getUint8(at - 1) !== LF) at--
  return at
}
