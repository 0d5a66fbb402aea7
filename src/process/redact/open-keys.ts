/**
 * Private keys over several entries: `-----BEGIN RSA PRIVATE KEY-----` in plain text, of which every line is an entry, or in a
 * record that was cut. An entry with a block that does not end is remembered by its file (and stream), and what the next ones
 * begin with is the rest of the key as long as it is lines of base64. (Not across a restart in the middle of such a block.)
 */
const MAX_FILES = 256
/** Entries a key may take: of 16,384 bits, a line each. */
const MAX_ENTRIES = 256
/** What is looked at of a message: more than such a key has. */
const MAX_CHARS = 65_536

/** Lines of base64, of the words `Proc-Type: …` and `DEK-Info: …` that an encrypted key has above them, and blank ones. */
const KEY_LINES = /^(?:[ \t]*(?:[A-Za-z0-9+/=]+[ \t]*|(?:Proc-Type|DEK-Info): [^\n]{1,80})?\r?(?:\n|$))+/
const END = /^[ \t]*-----END[^\n]{0,64}?-----/

export class OpenKeys {
  /** Entries left, by file and stream; the oldest first. */
  readonly #left = new Map<string, number>()

  get isEmpty(): boolean {
    return this.#left.size === 0
  }

  /** The entry ends within a key. */
  open(entry: Readonly<Record<string, unknown>>): void {
    const [oldest] = this.#left.size >= MAX_FILES ? this.#left.keys() : []
    if (oldest !== undefined) this.#left.delete(oldest)
    this.#left.set(placeOf(entry), MAX_ENTRIES)
  }

  /** How much of the entry's message, from its beginning, goes on with a key, UTF-16 units; after other words none does. */
  restIn(entry: Readonly<Record<string, unknown>>): number {
    const place = placeOf(entry)
    const left = this.#left.get(place)
    if (left === undefined) return 0
    const message = String(entry.message).slice(0, MAX_CHARS)
    const lines = KEY_LINES.exec(message)?.[0].length ?? 0
    const end = END.exec(message.slice(lines))?.[0].length ?? 0
    if (lines < message.length || end > 0 || left === 1) this.#left.delete(place)
    else this.#left.set(place, left - 1)
    return lines + end
  }
}

function placeOf({ file, metadata }: Readonly<Record<string, unknown>>): string {
  const stream = typeof metadata === 'object' && metadata !== null && 'stream' in metadata ? metadata.stream : ''
  return JSON.stringify([file, stream])
}
