import type { StoredChunk } from '../store/chunk.ts'
import type { Part } from './bisect.ts'
import { decode } from './codec.ts'

/** A chunk whose bytes are not the entries it says it holds, although its checksum may be right. */
export class DamagedChunk extends Error {
  readonly code = 'DAMAGED_CHUNK'

  constructor(message: string, options?: { cause: unknown }) {
    super(message, options)
    this.name = 'DamagedChunk'
  }
}

/** The text of a chunk and where its lines are: made only for a chunk that has to be split. */
export class ChunkText {
  readonly #text: Buffer
  /** Where entry `i` begins; one more at the end. */
  readonly #starts: readonly number[]

  constructor(text: Buffer, starts: readonly number[]) {
    this.#text = text
    this.#starts = starts
  }

  /** @throws {DamagedChunk} */
  static async open(chunk: StoredChunk): Promise<ChunkText> {
    const text = await decode(chunk.body, chunk.encoding).catch((cause: unknown) => {
      throw new DamagedChunk(`Cannot decompress chunk ${chunk.seq}: it is not ${chunk.encoding}`, { cause })
    })
    const starts = lineStarts(text)
    if (starts.length - 1 !== chunk.entries) {
      throw new DamagedChunk(
        `Cannot split chunk ${chunk.seq}: expected ${chunk.entries} lines, got ${starts.length - 1}`,
      )
    }
    return new ChunkText(text, starts)
  }

  /** The NDJSON of a part; a view, not a copy. */
  slice({ from, to }: Part): Buffer {
    return this.#text.subarray(this.#starts[from], this.#starts[to])
  }

  /** One entry as JSON, without its newline. */
  entry(index: number): string {
    return this.slice({ from: index, to: index + 1 })
      .toString()
      .trimEnd()
  }
}

/** Offsets of the beginnings of lines, and the end of the text. The last newline may be missing. */
function lineStarts(text: Buffer): number[] {
  const starts = [0]
  for (let at = text.indexOf(10); at !== -1; at = text.indexOf(10, at + 1)) starts.push(at + 1)
  if (starts.at(-1) !== text.length) starts.push(text.length)
  return starts
}
