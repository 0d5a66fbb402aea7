/**
 * Regular expressions of agent.yaml, read and written anew so that V8's linear-time engine covers every one of them. That
 * engine takes no flags and no repeats of more than 16, so letters become classes of both cases, and long repeats are
 * written out; what cannot be matched in linear time is refused by name. Spellings other engines have and this one has not
 * ((?P<name>…), (?i), \A, \z, \h, [[:alpha:]]) are understood, since patterns are pasted from everywhere.
 */
import { escaped, letterText, takeEscape } from './pattern-chars.ts'
import { ClassReader } from './pattern-class.ts'
import { type Modes, modesWith, refusedGroup } from './pattern-groups.ts'
import { atom, type Part, PatternError, type Repeat, repeatedPart, repeatedWeight, repeatOf } from './pattern-parts.ts'

export type Translated =
  | {
      readonly kind: 'ok'
      readonly source: string
      /** Names of its groups, in order. */
      readonly groups: readonly string[]
      /** What the linear engine's program weighs: about its instructions. */
      readonly weight: number
    }
  | { readonly kind: 'bad'; readonly message: string }

/** UTF-16 units of a pattern as it is written. */
export const MAX_PATTERN_CHARS = 8192
/** Groups within one another. */
const MAX_DEPTH = 100
/** `maxWeight`: more is refused; repeats multiply, so it also bounds the work of translating. */
export function translate(source: string, options: { ignoreCase: boolean; maxWeight: number }): Translated {
  if (source.length > MAX_PATTERN_CHARS) {
    return { kind: 'bad', message: `expected at most ${MAX_PATTERN_CHARS} characters, got ${source.length}` }
  }
  try {
    const translator = new Translator(source, options.maxWeight)
    const { text, weight } = translator.whole({ ignoreCase: options.ignoreCase, dotAll: false })
    return { kind: 'ok', source: text, groups: translator.groups, weight }
  } catch (error) {
    if (error instanceof PatternError) return { kind: 'bad', message: error.message }
    throw error
  }
}

class Translator {
  readonly groups: string[] = []
  readonly #source: string
  readonly #maxWeight: number
  #at = 0
  #depth = 0
  /** Names of groups that may take part in the match together with what comes next. */
  #named = new Set<string>()

  constructor(source: string, maxWeight: number) {
    this.#source = source
    this.#maxWeight = maxWeight
  }

  whole(modes: Modes): Part {
    const part = this.#choice(modes)
    if (this.#at < this.#source.length) throw new PatternError(`has a ) without its (${this.#where(this.#at)}`)
    return part
  }

  #choice(outer: Modes): Part {
    let modes = outer
    const before = this.#named
    const all = new Set(before)
    const texts: string[] = []
    let [weight, replication, hasGroup, canBeEmpty] = [0, 1, false, false]
    do {
      this.#named = new Set(before)
      const sequence = this.#sequence(modes)
      modes = sequence.modes
      for (const name of this.#named) all.add(name)
      texts.push(sequence.part.text)
      weight = this.#weighed(weight + sequence.part.weight + 2)
      replication = Math.max(replication, sequence.part.replication)
      hasGroup ||= sequence.part.hasGroup
      canBeEmpty ||= sequence.part.canBeEmpty
    } while (this.#accept('|'))
    this.#named = all
    return { text: texts.join('|'), weight, replication, hasGroup, isAtom: false, canBeEmpty }
  }

  /** Parts one after another. A `(?i)` among them changes the modes for the rest, later alternatives included. */
  #sequence(outer: Modes): { part: Part; modes: Modes } {
    let modes = outer
    let text = ''
    let [weight, replication, hasGroup, canBeEmpty] = [0, 1, false, true]
    while (this.#at < this.#source.length && this.#peek !== '|' && this.#peek !== ')') {
      const changed = this.#modesHere(modes)
      if (changed) {
        modes = changed
        continue
      }
      const part = this.#repeated(modes)
      text += part.text
      weight = this.#weighed(weight + part.weight)
      replication = Math.max(replication, part.replication)
      hasGroup ||= part.hasGroup
      canBeEmpty &&= part.canBeEmpty
    }
    return { part: { text, weight, replication, hasGroup, isAtom: false, canBeEmpty }, modes }
  }

  #repeated(modes: Modes): Part {
    const start = this.#at
    const part = this.#atom(modes)
    const repeat = this.#repeat()
    if (!repeat) return part
    if (!part.isAtom)
      throw new PatternError(`has nothing to repeat before ${quoted(this.#source.slice(start, this.#at))}`)
    if (this.#peek === '+') {
      throw new PatternError(
        `has a possessive repeat (${this.#source.slice(start, this.#at + 1)}); leave out its last +`,
      )
    }
    const lazy = this.#accept('?') ? '?' : ''
    if (this.#peek !== '' && '*+?'.includes(this.#peek)) {
      throw new PatternError(`has nothing to repeat before ${quoted(this.#peek)}${this.#where(this.#at)}`)
    }
    this.#weighed(repeatedWeight(part, repeat))
    return repeatedPart(part, repeat, lazy)
  }

  #atom(modes: Modes): Part {
    const char = String.fromCodePoint(this.#source.codePointAt(this.#at) ?? 0)
    switch (char) {
      case '(':
        return this.#group(modes)
      case '[':
        return this.#class(modes)
      case '\\':
        return this.#escape(modes)
      case '.':
        this.#at++
        return atom(modes.dotAll ? '[^]' : '.', 4)
      case '^':
      case '$':
        this.#at++
        return { ...atom(char, 1), isAtom: false, canBeEmpty: true }
      case '*':
      case '+':
      case '?':
        throw new PatternError(`has nothing to repeat before ${char}${this.#where(this.#at)}`)
      default:
        if (char === '{' && this.#repeat())
          throw new PatternError(`has nothing to repeat before {${this.#where(this.#at)}`)
        this.#at += char.length
        return atom(letterText(char, modes.ignoreCase), 2 * char.length)
    }
  }

  #escape(modes: Modes): Part {
    const taken = takeEscape(this.#source, this.#at, false)
    if (taken.kind === 'bad') throw new PatternError(taken.message)
    this.#at = taken.end
    if (taken.kind === 'char') return atom(letterText(taken.char, modes.ignoreCase), 2)
    return { ...atom(taken.text, taken.isAnchor ? 1 : 5), isAtom: !taken.isAnchor, canBeEmpty: taken.isAnchor }
  }

  #group(modes: Modes): Part {
    const start = this.#at
    if (++this.#depth > MAX_DEPTH) throw new PatternError(`expected at most ${MAX_DEPTH} groups within one another`)
    const opening = this.#opening(modes)
    const inner = this.#choice(opening.modes)
    if (!this.#accept(')')) throw new PatternError(`has a ( without its )${this.#where(start)}`)
    this.#depth--
    const hasGroup = inner.hasGroup || opening.captures
    return { ...inner, text: `${opening.text}${inner.text})`, weight: inner.weight + 2, hasGroup, isAtom: true }
  }

  #opening(modes: Modes): { text: string; captures: boolean; modes: Modes } {
    const rest = this.#source.slice(this.#at, this.#at + 80)
    const [named, name = ''] = /^\(\?P?<([^>=!]*)>/.exec(rest) ?? []
    if (named !== undefined) {
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
        throw new PatternError(
          `has a group named ${quoted(name)}; expected letters, digits and _, not beginning with a digit`,
        )
      }
      if (this.#named.has(name)) throw new PatternError(`has two groups named ${name}`)
      this.#named.add(name)
      this.groups.push(name)
      this.#at += named.length
      return { text: `(?<${name}>`, captures: true, modes }
    }
    const [scoped, on = '', off = ''] = /^\(\?([a-z]*)(?:-([a-z]+))?:/.exec(rest) ?? []
    if (scoped !== undefined) {
      this.#at += scoped.length
      return { text: '(?:', captures: false, modes: modesWith(modes, on, off) }
    }
    if (!rest.startsWith('(?')) {
      this.#at++
      return { text: '(', captures: true, modes }
    }
    throw new PatternError(refusedGroup(rest))
  }

  /** `(?i)`: modes for what follows. */
  #modesHere(modes: Modes): Modes | undefined {
    const [found, on = '', off = ''] =
      /^\(\?([a-z]*)(?:-([a-z]+))?\)/.exec(this.#source.slice(this.#at, this.#at + 16)) ?? []
    if (found === undefined || on + off === '') return undefined
    this.#at += found.length
    return modesWith(modes, on, off)
  }

  #class(modes: Modes): Part {
    const reader = new ClassReader(this.#source, this.#at)
    const part = reader.read(modes.ignoreCase)
    this.#at = reader.at
    return part
  }

  /** A repeat at the current place, read over. */
  #repeat(): Repeat | undefined {
    const repeat = repeatOf(this.#source.slice(this.#at, this.#at + 16))
    this.#at += repeat?.text.length ?? 0
    return repeat
  }

  #weighed(weight: number): number {
    if (weight > this.#maxWeight)
      throw new PatternError('is too large: make it shorter, or repeat by * or + instead of {…}')
    return weight
  }

  get #peek(): string {
    return this.#source.charAt(this.#at)
  }

  #accept(char: string): boolean {
    if (this.#peek !== char) return false
    this.#at++
    return true
  }

  #where(at: number): string {
    return ` at character ${at + 1}`
  }
}

function quoted(text: string): string {
  return text === '' ? 'nothing' : escaped(text)
}
