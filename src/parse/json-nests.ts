/**
 * Objects in a JSON line whose members are fields: pino's `err`, `req` and `res`, nested ECS, Google's `httpRequest`. Their
 * members go the way of the line's own, but for what the plain way does otherwise there: null stays where it is, a list of one
 * text counts as the text (HTTP headers, in Go), and numbers are what JSON.parse makes of them. What is left of an object
 * stays in `metadata` under its key, and nothing when nothing is left.
 */
import { KIND } from './fields.ts'
import { skipBlanks } from './json-bytes.ts'
import type { JsonKeys } from './json-keys.ts'
import type { JsonLeftovers } from './json-leftovers.ts'
import type { JsonMember } from './json-member.ts'
import type { JsonValues } from './json-values.ts'
import type { EntryFacts } from './line.ts'

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const MINUS = 0x2d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

export class JsonNests {
  readonly #member: JsonMember
  readonly #values: JsonValues
  readonly #leftovers: JsonLeftovers
  /** Members that left their objects, of all lines. */
  #lifted = 0

  constructor(member: JsonMember, values: JsonValues, leftovers: JsonLeftovers) {
    this.#member = member
    this.#values = values
    this.#leftovers = leftovers
  }

  /** The member under way, whose value is an object; `keys` has its key. The position after the value, or −1. */
  walk(keys: JsonKeys, facts: EntryFacts): number {
    const member = this.#member
    const { key, keyStart, valueStart, runs } = member
    if (key.isMarkingNest) return -1
    const { spanCount, memberCount } = runs
    const lifted = this.#lifted
    if (!runs.openNest(keyStart, valueStart + 1)) return -1
    runs.memberCount = 0
    member.depth++
    const after = this.#members(keys.within(key), facts)
    member.depth--
    if (after < 0) return -1
    const left = runs.memberCount
    runs.memberCount = memberCount
    if (lifted === this.#lifted) {
      runs.dropSpans(spanCount)
      return runs.gather(keyStart, after) ? after : -1
    }
    if (left === 0) runs.dropSpans(spanCount)
    else if (!runs.closeNest()) return -1
    else runs.memberCount = memberCount + 1
    return after
  }

  #members(keys: JsonKeys, facts: EntryFacts): number {
    const member = this.#member
    const { view, end } = member.scan
    keys.beginLine()
    let at = skipBlanks(view, member.valueStart + 1, end)
    if (at < end && view.getUint8(at) === CLOSE_BRACE) return at + 1
    for (;;) {
      const key = keys.take(view, at, end)
      if (key === undefined) return -1
      member.key = key
      member.keyStart = at
      at = skipBlanks(view, at + key.length, end)
      if (at >= end || view.getUint8(at) !== COLON) return -1
      at = skipBlanks(view, at + 1, end)
      if (at >= end) return -1
      member.valueStart = at
      at = key.isLoose ? member.gather() : this.#place(keys, facts)
      if (at < 0) return -1
      at = skipBlanks(view, at, end)
      if (at >= end) return -1
      const byte = view.getUint8(at++)
      if (byte !== COMMA) return byte === CLOSE_BRACE ? at : -1
      at = skipBlanks(view, at, end)
    }
  }

  /** Puts the member under way, whose key means something, where it belongs. */
  #place(keys: JsonKeys, facts: EntryFacts): number {
    const member = this.#member
    const { key, valueStart } = member
    const { kind } = key
    const first = member.scan.view.getUint8(valueStart)
    if (first === OPEN_BRACE && key.members !== undefined) return this.walk(keys, facts)
    if (kind === KIND.unknown) return member.gather()
    if (kind >= KIND.epochSeconds) return -1
    if (first === OPEN_BRACKET) return this.#list(facts)
    const isText = first === QUOTE
    if (kind === KIND.trace || kind === KIND.requestLine) return this.#leftovers.lend(isText)
    const isNumber = first === MINUS || (first >= 0x30 && first <= 0x39)
    if (((member.seen >> key.field) & 1) === 1 || (!isText && !isNumber)) return member.gather()
    if (isNumber && !this.#isPlainNumber()) return -1
    return this.#lift(isText, facts)
  }

  #lift(isText: boolean, facts: EntryFacts): number {
    const member = this.#member
    const { field } = member.key
    const after = this.#values.take(isText, facts)
    if (member.isTaken) {
      member.seen |= 1 << field
      this.#lifted = (this.#lifted + 1) | 0
    }
    return after
  }

  /** JavaScript writes it as it is written here (1.10 would become 1.1), or the field takes any form of it. */
  #isPlainNumber(): boolean {
    const member = this.#member
    const { kind } = member.key
    if (kind !== KIND.text && kind !== KIND.time) return true
    const { number } = member.scan
    if (member.readNumber(false) < 0) return false
    return number.isInteger || !number.isFaithful || (kind === KIND.time && number.isExact)
  }

  #list(facts: EntryFacts): number {
    const member = this.#member
    const { scan } = member
    const { view, end } = scan
    const start = skipBlanks(view, member.valueStart + 1, end)
    if (start >= end || view.getUint8(start) !== QUOTE) return member.gather()
    const stop = scan.string(start + 1)
    if (stop < 0) return -1
    const close = skipBlanks(view, stop, end)
    if (close >= end || view.getUint8(close) !== CLOSE_BRACKET) return member.gather()
    if (member.key.textBit === 0) return -1
    if ((member.seen & member.key.textBit) !== 0) return member.gather()
    member.valueStart = start
    return this.#lift(true, facts) < 0 ? -1 : close + 1
  }
}
