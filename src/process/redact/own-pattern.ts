/**
 * A pattern of the operator's own. One match costs at most time linear in the text, but all matches of a text may cost its
 * square (`a.*z|a` over a row of a's). So a text is searched in windows, and of a window with absurdly many matches all is
 * taken for one: what is to be hidden must not stay because there is too much of it.
 */
import { compilePattern } from '../../config/pattern.ts'

/** UTF-16 units. Most texts are one window; in longer ones a match of up to half of it is never cut, and `^` and `$` also mean its edges. */
const WINDOW = 1024
const MAX_MATCHES = 64

export interface Span {
  readonly start: number
  /** One past the last unit. */
  readonly end: number
}

export class OwnPattern {
  /** Of its hits; see Masks. */
  readonly kind: number
  readonly #pattern: RegExp

  /** @throws {Error} for a pattern that the configuration would have refused. */
  constructor(source: string, kind: number) {
    this.kind = kind
    this.#pattern = compilePattern(source, { isGlobal: true })
  }

  /** Where it matches, in UTF-16 units; a place may be named twice. */
  spansIn(text: string): Span[] {
    if (text.length <= WINDOW) return this.#spansInWindow(text, 0)
    const spans: Span[] = []
    for (let from = 0; from < text.length; from += WINDOW / 2) {
      spans.push(...this.#spansInWindow(text.slice(from, from + WINDOW), from))
    }
    return spans
  }

  #spansInWindow(text: string, from: number): Span[] {
    const spans: Span[] = []
    for (const { 0: match, index } of text.matchAll(this.#pattern)) {
      if (match !== '') spans.push({ start: from + index, end: from + index + match.length })
      if (spans.length === MAX_MATCHES) return [{ start: from, end: from + text.length }]
    }
    return spans
  }
}
