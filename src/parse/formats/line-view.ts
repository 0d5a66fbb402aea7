import type { Line } from '../line.ts'

/** A DataView of the block a line lies in, made anew only when the block changes: for those who look at lines before they are records. */
export class LineView {
  #bytes: Buffer | undefined
  #view: DataView = new DataView(new ArrayBuffer(0))

  of({ bytes }: Line): DataView {
    if (bytes !== this.#bytes) {
      this.#bytes = bytes
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    }
    return this.#view
  }
}
