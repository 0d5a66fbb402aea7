/**
 * A condition over the fields of an entry, as text and as a tree.
 *
 *     level >= WARNING and not path matches "^/health"
 *     status_code in (500, 502) or duration > 2s
 *     message contains "timeout" or (user_id exists and service == checkout)
 *
 *     condition  = and { "or" and }
 *     and        = term { "and" term }
 *     term       = "not" term | "(" condition ")" | field test
 *     test       = "exists" | operator value | "in" "(" value { "," value } ")" | "contains" value | "matches" quoted [ "i" ]
 *     operator   = "==" | "!=" | "<" | "<=" | ">" | ">=" | "=" (for ==) | "=~" (for matches) | "!~" (for not … matches)
 *
 * `not` may also stand before the word of a test: `path not in (…)`. Keywords are read in any case. A value is a word, a number,
 * true, false, or a text in quotes ("…" or '…'); a field may be in quotes as well. `duration` takes numbers of seconds or
 * durations (150ms); `level` the names of levels, compared by severity; `timestamp` RFC 3339 times, compared to the millisecond.
 *
 * A field that is absent or null equals nothing: `==`, orders, `in`, `contains` and `matches` do not hold, `!=` does.
 */
import { ConditionError, type Operator, type Token, tokensOf } from './condition-lexer.ts'
import { operandOf } from './condition-operand.ts'
import { patternProblem } from './pattern.ts'
import { quote } from './problem.ts'

export type Operand = string | number | boolean

export type Condition =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Condition[] }
  | { readonly kind: 'not'; readonly part: Condition }
  | { readonly kind: 'exists'; readonly field: string }
  /** `level >= WARNING` compares by severity; numbers by value; other texts as they are. */
  | {
      readonly kind: 'compare'
      readonly field: string
      readonly operator: '==' | '!=' | '<' | '<=' | '>' | '>='
      readonly value: Operand
    }
  | { readonly kind: 'in'; readonly field: string; readonly values: readonly Operand[] }
  | { readonly kind: 'contains'; readonly field: string; readonly text: string }
  | { readonly kind: 'matches'; readonly field: string; readonly pattern: string; readonly ignoreCase: boolean }

/** `at`: index of the character the message is about. */
export type ParsedCondition =
  | { readonly kind: 'ok'; readonly condition: Condition }
  | { readonly kind: 'bad'; readonly message: string; readonly at: number }

/** UTF-16 units. */
const MAX_LENGTH = 4096
/** Parentheses and `not` inside one another. */
const MAX_DEPTH = 32
const KEYWORDS: ReadonlySet<string> = new Set([
  'and',
  'or',
  'not',
  'in',
  'exists',
  'contains',
  'matches',
  'true',
  'false',
])
const EXPECTED_TEST = 'a test (==, !=, <, <=, >, >=, in, contains, matches or exists)'

export function parseCondition(text: string): ParsedCondition {
  if (text.length > MAX_LENGTH) {
    return { kind: 'bad', message: `expected at most ${MAX_LENGTH} characters, got ${text.length}`, at: MAX_LENGTH }
  }
  try {
    return { kind: 'ok', condition: new Parser(tokensOf(text)).parse() }
  } catch (error) {
    if (error instanceof ConditionError) return { kind: 'bad', message: error.message, at: error.at }
    throw error
  }
}

class Parser {
  readonly #tokens: readonly Token[]
  #next = 0
  #depth = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  parse(): Condition {
    const condition = this.#list('or')
    if (this.#token.kind !== 'end') throw this.#expected('"and", "or" or the end')
    return condition
  }

  #list(kind: 'and' | 'or'): Condition {
    const parts: Condition[] = []
    let part: Condition
    do {
      part = kind === 'or' ? this.#list('and') : this.#term()
      parts.push(part)
    } while (this.#accept(kind))
    return parts.length === 1 ? part : { kind, parts }
  }

  #term(): Condition {
    const token = this.#token
    const isNot = this.#accept('not')
    if (!isNot && token.kind !== '(') return this.#test(this.#field())
    if (++this.#depth > MAX_DEPTH) throw new ConditionError(`expected at most ${MAX_DEPTH} levels`, token.at)
    const condition: Condition = isNot ? { kind: 'not', part: this.#term() } : this.#group()
    this.#depth--
    return condition
  }

  #group(): Condition {
    this.#next++
    const condition = this.#list('or')
    this.#take(')', '"and", "or" or )')
    return condition
  }

  #field(): string {
    const token = this.#token
    const isName = token.kind === 'quoted' ? !token.ignoreCase : token.kind === 'word' && !isKeyword(token)
    if (!isName || token.text === '') throw this.#expected('a field')
    this.#next++
    return token.text
  }

  #test(field: string): Condition {
    const token = this.#token
    if (token.kind === 'operator') {
      this.#next++
      return this.#comparison(field, token.text)
    }
    if (this.#accept('not')) {
      const part = this.#wordTest(field)
      if (part === undefined) throw this.#expected('in, contains, matches or exists')
      return { kind: 'not', part }
    }
    const condition = this.#wordTest(field)
    if (condition === undefined) throw this.#expected(EXPECTED_TEST)
    return condition
  }

  #comparison(field: string, operator: Operator): Condition {
    switch (operator) {
      case '=~':
        return this.#matches(field)
      case '!~':
        return { kind: 'not', part: this.#matches(field) }
      case '=':
      case '==':
      case '!=':
        return {
          kind: 'compare',
          field,
          operator: operator === '=' ? '==' : operator,
          value: this.#value(field, false),
        }
      default:
        return { kind: 'compare', field, operator, value: this.#value(field, true) }
    }
  }

  #wordTest(field: string): Condition | undefined {
    if (this.#accept('exists')) return { kind: 'exists', field }
    if (this.#accept('contains')) return { kind: 'contains', field, text: this.#text() }
    if (this.#accept('matches')) return this.#matches(field)
    return this.#accept('in') ? this.#oneOf(field) : undefined
  }

  #matches(field: string): Condition {
    const token = this.#token
    if (token.kind !== 'quoted') throw this.#expected('a regular expression in quotes')
    const { text: pattern, ignoreCase, at } = token
    const problem = patternProblem(pattern, { ignoreCase })
    if (problem !== undefined) throw new ConditionError(`expected another pattern: this one ${problem}`, at)
    this.#next++
    return { kind: 'matches', field, pattern, ignoreCase }
  }

  #oneOf(field: string): Condition {
    this.#take('(', '( and a list of values')
    const values = [this.#value(field, false)]
    while (this.#token.kind === ',') {
      this.#next++
      values.push(this.#value(field, false))
    }
    this.#take(')', ', or )')
    return { kind: 'in', field, values }
  }

  #text(): string {
    const token = this.#token
    const isText = token.kind === 'quoted' ? !token.ignoreCase : token.kind === 'word' && !isConnective(token)
    if (!isText) throw this.#expected('a text')
    this.#next++
    return token.text
  }

  #value(field: string, isOrder: boolean): Operand {
    const token = this.#token
    const isQuoted = token.kind === 'quoted'
    if (isQuoted ? token.ignoreCase : token.kind !== 'word' || isConnective(token)) throw this.#expected('a value')
    this.#next++
    const value = operandOf(token.text, { field, isQuoted, isOrder })
    if (typeof value === 'object') throw new ConditionError(`expected ${value.expected}, got ${shown(token)}`, token.at)
    return value
  }

  get #token(): Token {
    return this.#tokens[this.#next] ?? { kind: 'end', text: '', at: 0 }
  }

  #accept(keyword: string): boolean {
    const token = this.#token
    const isIt = token.kind === 'word' && token.text.toLowerCase() === keyword
    if (isIt) this.#next++
    return isIt
  }

  #take(kind: '(' | ')', expected: string): void {
    if (this.#token.kind !== kind) throw this.#expected(expected)
    this.#next++
  }

  #expected(what: string): ConditionError {
    return new ConditionError(`expected ${what}, got ${shown(this.#token)}`, this.#token.at)
  }
}

function isKeyword({ text }: Token): boolean {
  return KEYWORDS.has(text.toLowerCase())
}

/** A keyword that is no value. */
function isConnective(token: Token): boolean {
  return isKeyword(token) && !/^(?:true|false)$/i.test(token.text)
}

function shown(token: Token): string {
  if (token.kind === 'end') return 'the end'
  return token.kind === 'quoted' ? `"${token.text === '' ? '' : quote(token.text)}"` : quote(token.text)
}
