/**
 * Lines of docker's json-file driver: `{"log":"…\n","stream":"stdout","attrs":{…},"time":"2024-01-15T08:00:00.123456789Z"}`.
 * A `log` without LF at its end was cut (docker cuts at 16 KiB), and the stream's next line goes on.
 *
 * Read over bytes: a log without escapes but the last `\n` stays where it is, others are unescaped into a buffer of the
 * reader. What is not just these members, written the way Go writes them, is read by JSON.parse.
 */
import type { EnvelopeReader, Unwrapped } from '../envelope.ts'
import { stringStop } from '../json-bytes.ts'
import type { Line } from '../line.ts'
import { FrameTime } from './frame-time.ts'
import { unescapeJson } from './json-unescape.ts'

const LF = 0x0a
const CR = 0x0d
const QUOTE = 0x22
const COMMA = 0x2c
const BACKSLASH = 0x5c
const LETTER_N = 0x6e
const LETTER_R = 0x72
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

const NOTHING = Buffer.alloc(0)
const STDOUT = Buffer.from('"stream":"stdout"')
const STDERR = Buffer.from('"stream":"stderr"')
const OUT = Buffer.from('"stdout"')
const ERR = Buffer.from('"stderr"')
const STREAM = Buffer.from('"stream"')
const KEYS = { log: Buffer.from('"log":'), stream: Buffer.from('"stream":'), time: Buffer.from('"time":') }

export function createDockerReader(): EnvelopeReader {
  return new DockerReader()
}

class DockerReader implements EnvelopeReader {
  readonly #time = new FrameTime()
  #bytes: Buffer = NOTHING
  #view: DataView = new DataView(NOTHING.buffer, 0, 0)
  /** Where unescaped logs are written. */
  #payload: Buffer = NOTHING
  /** Members of the frame that came last besides `stream`, as JSON, and with it. */
  #extra = ''
  #extraStream = ''
  #extraMembers: Buffer = NOTHING

  read(line: Line, into: Unwrapped): boolean {
    const { bytes, start, end } = line
    if (start === end || bytes[start] !== OPEN_BRACE) return false
    if (bytes !== this.#bytes) {
      this.#bytes = bytes
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    }
    this.#time.readMs = line.readMs
    if (this.#readBytes(start, end, into)) return true
    // Only what may be a frame is worth JSON.parse: under `auto` all lines of JSON come by here.
    if (bytes.subarray(start, end).indexOf(STREAM) < 0) return false
    return this.#readPlainly(bytes.toString('utf8', start, end), into)
  }

  /** The fast way; false when it is not sure. */
  #readBytes(start: number, end: number, into: Unwrapped): boolean {
    const bytes = this.#bytes
    const view = this.#view
    let log = -1
    let logEnd = 0
    let isOut = false
    let hasStream = false
    let time = -1
    let timeEnd = 0
    let at = start
    do {
      at++
      if (isAt(bytes, at, KEYS.log)) {
        if (log >= 0) return false
        log = at + KEYS.log.length + 1
        logEnd = this.#stringEnd(log, end)
        if (logEnd < 0) return false
        at = logEnd + 1
      } else if (isAt(bytes, at, KEYS.stream)) {
        at += KEYS.stream.length
        isOut = isAt(bytes, at, OUT)
        if (hasStream || (!isOut && !isAt(bytes, at, ERR))) return false
        hasStream = true
        at += OUT.length
      } else if (isAt(bytes, at, KEYS.time)) {
        if (time >= 0) return false
        time = at + KEYS.time.length + 1
        timeEnd = stringStop(view, time, end)
        at = timeEnd + 1
      } else return false
    } while (at < end && view.getUint8(at) === COMMA)
    if (at !== end - 1 || view.getUint8(at) !== CLOSE_BRACE || log < 0 || time < 0 || !hasStream) return false
    if (view.getUint8(time - 1) !== QUOTE || view.getUint8(timeEnd) !== QUOTE) return false
    if (!this.#time.read(view, time, timeEnd, into.envelope)) return false
    into.stream = isOut ? 'stdout' : 'stderr'
    into.envelope.members = isOut ? STDOUT : STDERR
    this.#time.keepAbsurd(into.envelope)
    return this.#payloadOf(log, logEnd, into)
  }

  /** Position of the quote that ends the string whose first byte is at `at`; −1 when it does not end well. */
  #stringEnd(start: number, end: number): number {
    const view = this.#view
    if (start > end || view.getUint8(start - 1) !== QUOTE) return -1
    let at = start
    for (;;) {
      at = stringStop(view, at, end)
      if (at >= end) return -1
      const byte = view.getUint8(at)
      if (byte === QUOTE) return at
      if (byte !== BACKSLASH) return -1
      at += 2
    }
  }

  /** The payload is the JSON string in [start, end), without its line end. False when an escape in it is none. */
  #payloadOf(start: number, end: number, into: Unwrapped): boolean {
    const view = this.#view
    let stop = end
    // `\n` ends a line unless its backslash is itself escaped, as in `C:\\n`.
    into.isPartial = !this.#endsWith(LETTER_N, start, stop)
    if (!into.isPartial) {
      stop -= 2
      if (this.#endsWith(LETTER_R, start, stop)) stop -= 2
    }
    if (stringStop(view, start, stop) === stop) {
      into.bytes = this.#bytes
      into.start = start
      into.end = stop
      return true
    }
    if (this.#payload.length < stop - start) this.#payload = Buffer.allocUnsafeSlow((stop - start) * 2)
    const length = unescapeJson({ bytes: this.#bytes, view, start, end: stop }, this.#payload)
    into.bytes = this.#payload
    into.start = 0
    into.end = length
    return length >= 0
  }

  /** The string [start, end) ends with the escape `\` and `letter`. */
  #endsWith(letter: number, start: number, end: number): boolean {
    const view = this.#view
    if (end - start < 2 || view.getUint8(end - 1) !== letter) return false
    let slashes = 0
    for (let at = end - 2; at >= start && view.getUint8(at) === BACKSLASH; at--) slashes++
    return slashes % 2 === 1
  }

  #readPlainly(text: string, into: Unwrapped): boolean {
    const frame = parseFrame(text)
    if (frame === undefined) return false
    const { log, stream, time, extra } = frame
    const timeBytes = Buffer.from(time)
    const view = new DataView(timeBytes.buffer, timeBytes.byteOffset, timeBytes.length)
    if (!this.#time.read(view, 0, timeBytes.length, into.envelope)) return false
    const payload = Buffer.from(log)
    let end = payload.length
    into.isPartial = payload[end - 1] !== LF
    if (!into.isPartial && payload[--end - 1] === CR) end--
    into.bytes = payload
    into.start = 0
    into.end = end
    into.stream = stream
    if (extra !== this.#extra || stream !== this.#extraStream) {
      this.#extra = extra
      this.#extraStream = stream
      this.#extraMembers = Buffer.from(`"stream":"${stream}"${extra === '' ? '' : `,${extra}`}`)
    }
    into.envelope.members = this.#extraMembers
    this.#time.keepAbsurd(into.envelope)
    return true
  }
}

interface Frame {
  readonly log: string
  readonly stream: 'stdout' | 'stderr'
  readonly time: string
  /** Its other members, as JSON without braces. */
  readonly extra: string
}

function parseFrame(text: string): Frame | undefined {
  let root: unknown
  try {
    root = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof root !== 'object' || root === null || Array.isArray(root)) return undefined
  const { log, stream, time, ...rest } = root as Record<string, unknown>
  if (typeof log !== 'string' || typeof time !== 'string' || (stream !== 'stdout' && stream !== 'stderr'))
    return undefined
  return { log: log.toWellFormed(), stream, time, extra: JSON.stringify(rest).slice(1, -1) }
}

function isAt(bytes: Buffer, at: number, what: Buffer): boolean {
  if (at + what.length > bytes.length) return false
  for (let i = 0; i < what.length; i++) if (bytes[at + i] !== what[i]) return false
  return true
}
