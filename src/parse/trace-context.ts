/**
 * Texts that name a trace and perhaps a span in it:
 *
 * - W3C `traceparent`: `00-<32 hex>-<16 hex>-01` (https://www.w3.org/TR/trace-context/);
 * - B3 in one header: `<16 or 32 hex>-<16 hex>[-1[-<parent>]]` (https://github.com/openzipkin/b3-propagation);
 * - Google Cloud: `projects/<project>/traces/<32 hex>`.
 *
 * Bytes only; what was found is in the fields, so that reading allocates nothing.
 */
export class TraceContext {
  /** Bytes [traceStart, traceEnd) are the trace's id. */
  traceStart = 0
  traceEnd = 0
  /** The same of the span; empty when the text names none. */
  spanStart = 0
  spanEnd = 0

  read(view: DataView, start: number, end: number): boolean {
    this.spanStart = this.spanEnd = 0
    if (start + 55 <= end && view.getUint8(start + 2) === DASH) return this.#readW3c(view, start, end)
    if (start + 9 < end && view.getUint8(start) === 0x70) return this.#readGoogle(view, start, end)
    return this.#readB3(view, start, end)
  }

  #readW3c(view: DataView, start: number, end: number): boolean {
    const isVersion = hexEnd(view, start, end) === start + 2 && view.getUint16(start) !== 0x6666
    const trace = start + 3
    const span = start + 36
    if (!isVersion || hexEnd(view, trace, end) !== span - 1 || view.getUint8(span - 1) !== DASH) return false
    if (hexEnd(view, span, end) !== span + 16 || view.getUint8(span + 16) !== DASH) return false
    if (hexEnd(view, span + 17, end) !== start + 55) return false
    if (end > start + 55 && (view.getUint16(start) === 0x3030 || view.getUint8(start + 55) !== DASH)) return false
    if (isZero(view, trace, span - 1) || isZero(view, span, span + 16)) return false
    this.traceStart = trace
    this.traceEnd = span - 1
    this.spanStart = span
    this.spanEnd = span + 16
    return true
  }

  #readB3(view: DataView, start: number, end: number): boolean {
    const traceEnd = hexEnd(view, start, end)
    const digits = traceEnd - start
    if ((digits !== 16 && digits !== 32) || traceEnd === end || view.getUint8(traceEnd) !== DASH) return false
    const spanEnd = hexEnd(view, traceEnd + 1, end)
    if (spanEnd !== traceEnd + 17 || (spanEnd < end && view.getUint8(spanEnd) !== DASH)) return false
    this.traceStart = start
    this.traceEnd = traceEnd
    this.spanStart = traceEnd + 1
    this.spanEnd = spanEnd
    return true
  }

  #readGoogle(view: DataView, start: number, end: number): boolean {
    const id = end - 32
    if (id - TRACES.length <= start + PROJECTS.length || hexEnd(view, id, end) !== end || !isAt(view, start, PROJECTS))
      return false
    if (!isAt(view, id - TRACES.length, TRACES)) return false
    this.traceStart = id
    this.traceEnd = end
    return true
  }
}

const DASH = 0x2d
const PROJECTS = Buffer.from('projects/')
const TRACES = Buffer.from('/traces/')

/** One past the lower-case hexadecimal digits that begin at `at`. */
function hexEnd(view: DataView, at: number, end: number): number {
  let i = at
  for (; i < end; i++) {
    const byte = view.getUint8(i)
    if (!((byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x66))) break
  }
  return i
}

function isZero(view: DataView, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (view.getUint8(i) !== 0x30) return false
  return true
}

function isAt(view: DataView, at: number, text: Buffer): boolean {
  for (let i = 0; i < text.length; i++) if (view.getUint8(at + i) !== text[i]) return false
  return true
}
