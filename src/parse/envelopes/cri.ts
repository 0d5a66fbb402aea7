/**
 * Lines as containerd, CRI-O and podman write them (Kubernetes' "CRI log format"):
 * `2024-01-15T08:00:00.123456789Z stdout F message`. The third word has tags with colons between; the first is P for a line
 * that was cut and F for one that is full, further ones go to `metadata.tags`.
 */
import type { EnvelopeReader, Unwrapped } from '../envelope.ts'
import type { Line } from '../line.ts'
import { FrameTime } from './frame-time.ts'

const SPACE = 0x20
const COLON = 0x3a
const FULL = 0x46
const PARTIAL = 0x50
/** A time has at most 35 bytes, `2024-01-15T08:00:00.123456789+01:00`, and at least 20. */
const MIN_TIME_BYTES = 20
const MAX_TIME_BYTES = 35
const MAX_TAG_BYTES = 64

const NOTHING = Buffer.alloc(0)
const STDOUT = Buffer.from('"stream":"stdout"')
const STDERR = Buffer.from('"stream":"stderr"')
/** ` stdout ` and ` stderr `, as two words of four bytes each. */
const STREAM_HEAD = Buffer.from(' std').readInt32LE()
const OUT_TAIL = Buffer.from('out ').readInt32LE()
const ERR_TAIL = Buffer.from('err ').readInt32LE()

export function createCriReader(): EnvelopeReader {
  return new CriReader()
}

class CriReader implements EnvelopeReader {
  readonly #time = new FrameTime()
  #bytes: Buffer = NOTHING
  #view: DataView = new DataView(NOTHING.buffer, 0, 0)
  /** The members for the tags and the stream that came last, since they are nearly always the same. */
  #tags = ''
  #tagsStream = ''
  #tagsMembers: Buffer = NOTHING

  read(line: Line, into: Unwrapped): boolean {
    const { bytes, start, end } = line
    if (bytes !== this.#bytes) {
      this.#bytes = bytes
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    }
    const view = this.#view
    let at = start + MIN_TIME_BYTES
    const last = Math.min(end, start + MAX_TIME_BYTES + 1)
    while (at < last && view.getUint8(at) !== SPACE) at++
    // ` stdout F` is what must at least follow.
    if (at >= last || at + 9 > end || view.getInt32(at, true) !== STREAM_HEAD) return false
    const tail = view.getInt32(at + 4, true)
    if (tail !== OUT_TAIL && tail !== ERR_TAIL) return false
    const tag = at + 8
    const kind = view.getUint8(tag)
    if (kind !== FULL && kind !== PARTIAL) return false
    let tagEnd = tag + 1
    if (tagEnd < end && view.getUint8(tagEnd) === COLON) {
      const limit = Math.min(end, tag + MAX_TAG_BYTES)
      while (tagEnd < limit && view.getUint8(tagEnd) > SPACE) tagEnd++
    }
    if (tagEnd < end && view.getUint8(tagEnd) !== SPACE) return false
    this.#time.readMs = line.readMs
    if (!this.#time.read(view, start, at, into.envelope)) return false
    into.bytes = bytes
    into.start = Math.min(tagEnd + 1, end)
    into.end = end
    into.isPartial = kind === PARTIAL
    into.stream = tail === OUT_TAIL ? 'stdout' : 'stderr'
    into.envelope.members = tail === OUT_TAIL ? STDOUT : STDERR
    if (tagEnd > tag + 1) into.envelope.members = this.#withTags(into.stream, tag, tagEnd)
    this.#time.keepAbsurd(into.envelope)
    return true
  }

  #withTags(stream: string, start: number, end: number): Buffer {
    const tags = this.#bytes.toString('utf8', start, end)
    if (tags !== this.#tags || stream !== this.#tagsStream) {
      this.#tags = tags
      this.#tagsStream = stream
      this.#tagsMembers = Buffer.from(`"stream":"${stream}","tags":${JSON.stringify(tags)}`)
    }
    return this.#tagsMembers
  }
}
