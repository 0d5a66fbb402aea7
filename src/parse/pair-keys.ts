/**
 * Keys of pairs, made once per file and key: ready to be written, and with what a format asks of them on every line. Bytes
 * of a record are recognised without making a string of them.
 */
import { ByteTable } from './byte-table.ts'
import { fieldNumber, KIND, type Kind, SPELLINGS } from './fields.ts'

const MESSAGE = fieldNumber('message')

/** More keys than this over the time, and all are forgotten: they are data, not names. */
const MAX_KEYS = 1024
const MAX_NAME_CHARS = 65_536
const MAX_KEY_BYTES = 256

export class PairKey {
  readonly name: string
  /** The name as JSON, and the colon. */
  readonly bytes: Buffer
  readonly kind: Kind
  /** Index into FIELD_NAMES; −1 for a key without a field. */
  readonly field: number
  /** The number of the record that had it last. */
  record = 0
  /** How often it came again in that record. */
  repeats = 0

  constructor(name: string) {
    this.name = name
    this.bytes = Buffer.from(`${JSON.stringify(name.toWellFormed())}:`)
    const spelling = SPELLINGS.get(name)
    this.kind = spelling?.kind ?? KIND.unknown
    this.field = spelling?.field ?? -1
  }

  get isMessage(): boolean {
    return this.field === MESSAGE
  }
}

export class PairKeys {
  readonly #byName = new Map<string, PairKey>()
  readonly #table = new ByteTable(MAX_KEYS)
  readonly #byId: PairKey[] = []
  #charCount = 0

  /** The key of this name. */
  named(name: string): PairKey {
    const known = this.#byName.get(name)
    if (known !== undefined) return known
    const key = new PairKey(name)
    this.#byName.set(name, key)
    this.#charCount += name.length
    return key
  }

  /** The key whose name is bytes [start, end), which must be UTF-8; `view` shows the whole of `source`. */
  at(source: Buffer, view: DataView, start: number, end: number): PairKey {
    if (end === start || end - start > MAX_KEY_BYTES) return this.named(source.toString('utf8', start, end))
    let id = this.#table.find(view, start, end)
    if (id < 0) {
      if (this.#table.isFull) return this.named(source.toString('utf8', start, end))
      id = this.#table.add(view, start, end)
      this.#byId[id] = this.named(source.toString('utf8', start, end))
    }
    return this.#byId[id] ?? this.named('')
  }

  /** What a further value of a key is written under: `k_`, `k__` …, and numbered when there are many. */
  again(key: PairKey): PairKey {
    const count = ++key.repeats
    return this.named(key.name + (count < 8 ? '_'.repeat(count) : `_${count}`))
  }

  /** Forgets all keys when there are too many. Between records only, since a key knows which record had it. */
  trim(): void {
    if (this.#byName.size < MAX_KEYS / 2 && this.#charCount < MAX_NAME_CHARS) return
    this.#charCount = 0
    this.#byName.clear()
    this.#table.clear()
    this.#byId.length = 0
  }
}
