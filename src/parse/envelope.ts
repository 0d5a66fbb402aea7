import type { Envelope, Line } from './line.ts'

/** Takes off the frame a container runtime wrote around a line of any format. */
export interface EnvelopeReader {
  /** Takes the frame off: fills in `into` and returns true, or false when the line is not framed. Never throws. */
  read(line: Line, into: Unwrapped): boolean
}

/** What was in the frame, and the frame. One object, refilled for every line. */
export interface Unwrapped {
  /** The line's own buffer, or one of the reader's that the next `read` overwrites. */
  bytes: Buffer
  /** The payload is bytes [start, end), without its line end. It is UTF-8 when the line was. */
  start: number
  end: number
  /** The runtime cut it: the next line of the same stream goes on. */
  isPartial: boolean
  /** `stdout` or `stderr`. */
  stream: string
  /** The object is filled in anew for every line; its Buffers are not, so whoever holds a record may keep them. */
  envelope: Envelope
}

export function newUnwrapped(): Unwrapped {
  const nothing = Buffer.alloc(0)
  return {
    bytes: nothing,
    start: 0,
    end: 0,
    isPartial: false,
    stream: '',
    envelope: { timeMs: 0, time: nothing, members: nothing },
  }
}
