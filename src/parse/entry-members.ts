/** `metadata` of an entry that is being put together by EntryWriter: which members there are, and where their values stand. */
import type { Line } from './line.ts'
import type { RecordBytes } from './record.ts'
import { type Constant, constant, type WordWriter } from './word-writer.ts'

/** Members of `metadata` a format may add; further ones would be a mistake of the format. */
const MAX_MEMBERS = 48

const METADATA = constant(',"metadata":')
const COMMA = constant(',')
const BRACE_END = constant('}')
const NOTHING = Buffer.alloc(0)
const BRACE = 0x7b

/** How a value is written. */
export const AS = { text: 0, plain: 1, number: 2, given: 3 } as const
type As = (typeof AS)[keyof typeof AS]

/** The key of a member of `metadata`, ready to be written. Made once, at the top of a format's file. */
export interface Member {
  /** `,"port":`, and `,"host":"`. */
  readonly key: Constant
  readonly textKey: Constant
}

export function member(name: string): Member {
  const key = `,${JSON.stringify(name)}:`
  return { key: constant(key), textKey: constant(`${key}"`) }
}

const PARSE_ERROR = member('parse_error')
const TRUNCATED = member('truncated')
const PARTIAL = member('partial')
const CONTINUED = member('continued')

export class EntryMembers {
  readonly #record: RecordBytes
  readonly #words: WordWriter
  readonly #members: Member[] = []
  readonly #starts = new Int32Array(MAX_MEMBERS)
  readonly #ends = new Int32Array(MAX_MEMBERS)
  readonly #kinds = new Uint8Array(MAX_MEMBERS)
  readonly #texts: string[] = []
  #count = 0

  constructor(record: RecordBytes, words: WordWriter) {
    this.#record = record
    this.#words = words
  }

  clear(): void {
    this.#count = 0
  }

  add(member: Member, kind: As, start: number, end: number): void {
    const at = this.#count
    if (at === MAX_MEMBERS) return
    this.#members[at] = member
    this.#kinds[at] = kind
    this.#starts[at] = start
    this.#ends[at] = end
    this.#count = at + 1
  }

  /** `json` is JSON text. */
  addJson(member: Member, json: string): void {
    this.#texts[this.#count] = json
    this.add(member, AS.given, 0, 0)
  }

  /** Adds what the agent says of the line, and writes `metadata` unless there is nothing in it. `parseError`: empty for none. */
  write(line: Line, parseError: string): void {
    if (line.isTruncated) this.addJson(TRUNCATED, 'true')
    if (line.isPartial) this.addJson(PARTIAL, 'true')
    if (line.isContinued) this.addJson(CONTINUED, 'true')
    if (parseError !== '') this.addJson(PARSE_ERROR, JSON.stringify(parseError))
    const others = line.envelope?.members ?? NOTHING
    if (this.#count === 0 && others.length === 0) return
    const words = this.#words
    words.constant(METADATA)
    // Every member comes with a comma before it; that of the first gives way to the brace.
    const { at } = words
    for (let i = 0; i < this.#count; i++) this.#writeOne(i)
    if (others.length > 0) {
      words.constant(COMMA)
      words.copy(others)
    }
    words.replace(at, BRACE)
    words.constant(BRACE_END)
  }

  #writeOne(i: number): void {
    const words = this.#words
    const member = this.#members[i]
    if (member === undefined) return
    const start = this.#starts[i] ?? 0
    const end = this.#ends[i] ?? 0
    switch (this.#kinds[i]) {
      case AS.given:
        words.constant(member.key)
        return words.json(this.#texts[i] ?? 'null')
      case AS.number:
        words.constant(member.key)
        return words.digits(this.#record, start, end)
      case AS.plain:
        words.constant(member.textKey)
        return words.plain(this.#record, start, end)
      default:
        words.constant(member.textKey)
        words.text(this.#record, start, end)
    }
  }
}
