/**
 * The end of every entry: what the line did not say (`service`, `version`, `environment`) and what only the agent knows
 * (`host`, `source`, `file`, `offset`). The bytes are made once per file; per line they are copied, and the offset's digits
 * written by hand.
 */
import { writeNumber } from './digits.ts'
import type { LineContext, NdjsonBuffer } from './line.ts'
import { appendWords } from './span-writer.ts'

/** Bits of the fields an entry has already. */
export const HAS_SERVICE = 1
export const HAS_VERSION = 2
export const HAS_ENVIRONMENT = 4

/** Digits of an offset, and `}\n`. */
const REST_BYTES = 20

export class EntryTail {
  /** By the set of fields an entry has. Every one begins with a comma. */
  readonly #tails: readonly Buffer[]
  readonly #views: readonly DataView[]

  constructor(context: LineContext) {
    const always = `,"host":${json(context.host)},"source":${json(context.source)},"file":${json(context.file)},"offset":`
    this.#tails = Array.from({ length: 8 }, (_, has) => {
      const service = has & HAS_SERVICE ? '' : `,"service":${json(context.service)}`
      const version = has & HAS_VERSION ? '' : `,"version":${json(context.version)}`
      const environment = has & HAS_ENVIRONMENT ? '' : `,"environment":${json(context.environment)}`
      return Buffer.from(service + version + environment + always)
    })
    this.#views = this.#tails.map(({ buffer, byteOffset, length }) => new DataView(buffer, byteOffset, length))
  }

  /** What is added to an entry that has these fields, up to the digits of the offset. */
  textOf(has: number): string {
    return this.#tails[has & 7]?.toString() ?? ''
  }

  /** Ends the entry under construction in `out`. */
  write(out: NdjsonBuffer, has: number, offset: number): void {
    const tail = this.#views[has & 7]
    if (tail === undefined) return
    out.reserve(tail.byteLength + REST_BYTES)
    appendWords(out, tail, 0, tail.byteLength)
    const target = out.bytes
    const at = writeNumber(target, out.length, offset)
    target[at] = 0x7d
    target[at + 1] = 0x0a
    out.length = at + 2
  }
}

function json(text: string): string {
  return JSON.stringify(text.toWellFormed())
}
