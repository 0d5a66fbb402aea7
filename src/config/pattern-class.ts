import { type ClassPart, classText, posixClass, rangeOf, type Taken, takeEscape } from './pattern-chars.ts'
import { atom, type Part, PatternError } from './pattern-parts.ts'

/** Reads the `[…]` that begins at `at`, which is behind it afterwards. @throws {PatternError} when it is none, or not ours. */
export class ClassReader {
  at: number
  readonly #source: string

  constructor(source: string, at: number) {
    this.#source = source
    this.at = at
  }

  read(ignoreCase: boolean): Part {
    const start = this.at++
    const isNegated = this.#accept('^')
    const parts: ClassPart[] = []
    while (this.#peek !== ']' || (parts.length === 0 && this.#hasLaterBracket())) {
      if (this.at >= this.#source.length) throw new PatternError(`has a [ without its ] at character ${start + 1}`)
      parts.push(this.#part())
    }
    this.at++
    const text = classText(parts, { isNegated, ignoreCase })
    return atom(text, 2 + parts.reduce((sum, part) => sum + (part.kind === 'set' ? 4 : ignoreCase ? 2 : 1), 0))
  }

  /** `[]abc]`: in other engines a ] that comes first is a character; here it would be an empty class, which nobody means. */
  #hasLaterBracket(): boolean {
    const next = this.#source.indexOf(']', this.at + 1)
    return next >= 0
  }

  #part(): ClassPart {
    const from = this.#char()
    if (from.kind !== 'char') return from
    const isRange = this.#peek === '-' && this.#source[this.at + 1] !== ']' && this.at + 1 < this.#source.length
    if (!isRange) return from
    this.at++
    const to = this.#char()
    if (to.kind !== 'char') throw new PatternError(`has a range in […] that ends in a set; write \\- for a dash`)
    const range = rangeOf(from.char, to.char)
    if (!range) throw new PatternError(`has a range in […] that is the wrong way round: ${from.char}-${to.char}`)
    return range
  }

  #char(): ClassPart {
    const posix = posixClass(this.#source, this.at)
    if (posix) {
      this.at = posix.end
      return { kind: 'set', text: posix.text }
    }
    if (this.#peek === '\\') {
      const taken: Taken = takeEscape(this.#source, this.at, true)
      if (taken.kind === 'bad') throw new PatternError(taken.message)
      this.at = taken.end
      return taken.kind === 'char' ? { kind: 'char', char: taken.char } : { kind: 'set', text: taken.text }
    }
    const char = String.fromCodePoint(this.#source.codePointAt(this.at) ?? 0)
    if (char.length > 1) throw new PatternError(`has ${char} in […]; write (?:${char}|…) instead`)
    this.at++
    return { kind: 'char', char }
  }

  get #peek(): string {
    return this.#source.charAt(this.at)
  }

  #accept(char: string): boolean {
    if (this.#peek !== char) return false
    this.at++
    return true
  }
}
