import { createHmac } from 'node:crypto'
import { REDACT_PRESETS, type RedactConfig } from '../../config/steps.ts'
import type { NdjsonBuffer } from '../../parse/line.ts'
import { HASH_DIGITS } from './mask-text.ts'

/** What stands in the place of a secret: `[email]`, `[email:1f3a9c0b5d2e]` or nothing. */
export class Masks {
  /** Presets and then own patterns; an index is a hit's kind. */
  readonly names: readonly string[]
  readonly mode: RedactConfig['mode']
  readonly #key: string
  readonly #masks: readonly Buffer[]

  constructor({ patterns, mode, key }: RedactConfig) {
    this.names = [...REDACT_PRESETS, ...patterns.map(({ name }) => name)]
    this.mode = mode
    this.#key = key
    this.#masks = this.names.map((name) => Buffer.from(`[${name}]`))
  }

  /** Appends the mask of the secret in bytes [start, end) of `view`. */
  append(out: NdjsonBuffer, kind: number, { view, start, end }: { view: DataView; start: number; end: number }): void {
    if (this.mode === 'remove') return
    const mask = this.#masks[kind]
    if (mask === undefined) return
    if (this.mode === 'hash') {
      const secret = new Uint8Array(view.buffer, view.byteOffset + start, end - start)
      const hash = createHmac('sha256', this.#key).update(secret).digest('hex').slice(0, HASH_DIGITS)
      out.appendText(`[${this.names[kind]}:${hash}]`)
      return
    }
    out.reserve(mask.length)
    // A mask is shorter than what makes a call of `copy` worth its price.
    let at = out.length
    for (let i = 0; i < mask.length; i++) out.bytes[at++] = mask[i] ?? 0
    out.length = at
  }
}
