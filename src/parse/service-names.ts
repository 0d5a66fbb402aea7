import { ByteTable } from './byte-table.ts'

/** A file has a handful; more than this, and they are forgotten and learned anew. */
const MAX_NAMES = 256
const MAX_NAME_BYTES = 256

/** The strings of service names, made once per name: chunk headers count by them. */
export class ServiceNames {
  readonly #table = new ByteTable(MAX_NAMES)
  readonly #names: string[] = []

  /** The text of bytes [start, end), which must be UTF-8; `view` shows the whole of `source`. */
  nameOf(source: Buffer, view: DataView, start: number, end: number): string {
    if (end === start || end - start > MAX_NAME_BYTES) return source.toString('utf8', start, end)
    let id = this.#table.find(view, start, end)
    if (id < 0) {
      if (this.#table.isFull) this.#table.clear()
      id = this.#table.add(view, start, end)
      this.#names[id] = source.toString('utf8', start, end)
    }
    return this.#names[id] ?? ''
  }
}
