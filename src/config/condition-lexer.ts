/** The words of a condition: what is in quotes, what is a number, what is an operator. Columns are counted from 0 here. */

export const OPERATORS = ['==', '!=', '<=', '>=', '=~', '!~', '<', '>', '='] as const
export type Operator = (typeof OPERATORS)[number]

export type Token =
  /** A run of letters, digits and `_ . - / : @ $ % + *`: a field, a keyword, a number or a value. */
  | { readonly kind: 'word'; readonly text: string; readonly at: number }
  /** In quotes; `text` without them. `ignoreCase`: an `i` follows the closing quote. */
  | { readonly kind: 'quoted'; readonly text: string; readonly ignoreCase: boolean; readonly at: number }
  | { readonly kind: 'operator'; readonly text: Operator; readonly at: number }
  | { readonly kind: '(' | ')' | ','; readonly text: string; readonly at: number }
  | { readonly kind: 'end'; readonly text: ''; readonly at: number }

/** Why a text is no condition, and where. Thrown by lexer and parser, caught by `parseCondition`. */
export class ConditionError extends Error {
  readonly at: number

  constructor(message: string, at: number) {
    super(message)
    this.at = at
  }
}

const BLANKS = /[\s]+/y
const WORD = /[\p{L}\p{M}\p{N}_.\-/:@$%+*]+/uy
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ...Object.entries({ n: '\n', r: '\r', t: '\t' }),
  ...['\\', '"', "'", '/'].map((character): [string, string] => [character, character]),
])
/** What people write who know other languages. */
const FOREIGN: ReadonlyMap<string, string> = new Map([
  ['&', 'write "and"'],
  ['|', 'write "or"'],
  ['!', 'write "not"'],
])

/** The tokens of `text`, the last one is `end`. @throws {ConditionError} */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  for (;;) {
    at += lengthAt(BLANKS, text, at)
    if (at >= text.length) return [...tokens, { kind: 'end', text: '', at: text.length }]
    const { token, end } = tokenAt(text, at)
    tokens.push(token)
    at = end
  }
}

function tokenAt(text: string, at: number): { token: Token; end: number } {
  const first = text.charAt(at)
  if (first === '"' || first === "'") return quotedAt(text, at)
  if (first === '(' || first === ')' || first === ',') return { token: { kind: first, text: first, at }, end: at + 1 }
  const operator = OPERATORS.find((one) => text.startsWith(one, at))
  if (operator !== undefined) return { token: { kind: 'operator', text: operator, at }, end: at + operator.length }
  const length = lengthAt(WORD, text, at)
  if (length > 0) return { token: { kind: 'word', text: text.slice(at, at + length), at }, end: at + length }
  const character = String.fromCodePoint(text.codePointAt(at) ?? 0)
  const hint = FOREIGN.get(character) ?? 'such characters go in quotes'
  throw new ConditionError(`expected a word or a text in quotes, got ${character} (${hint})`, at)
}

/** A backslash before anything that is no escape stays, so that patterns can be written as they are: "\d+". */
function quotedAt(text: string, at: number): { token: Token; end: number } {
  const quote = text.charAt(at)
  let content = ''
  let i = at + 1
  for (; i < text.length && text.charAt(i) !== quote; i++) {
    if (text.charAt(i) !== '\\' || i + 1 >= text.length) {
      content += text.charAt(i)
      continue
    }
    i++
    const code = text.charAt(i) === 'u' ? /^[0-9a-fA-F]{4}/.exec(text.slice(i + 1, i + 5)) : null
    if (code) i += 4
    content += code ? String.fromCharCode(Number.parseInt(code[0], 16)) : escaped(text.charAt(i))
  }
  if (i >= text.length) throw new ConditionError(`expected a closing ${quote}, got the end`, at)
  const flag = lengthAt(WORD, text, i + 1)
  if (flag > 0 && text.slice(i + 1, i + 1 + flag) !== 'i') {
    throw new ConditionError(`expected a blank after the closing quote, got ${text.charAt(i + 1)}`, i + 1)
  }
  return { token: { kind: 'quoted', text: content, ignoreCase: flag > 0, at }, end: i + 1 + flag }
}

function escaped(character: string): string {
  return ESCAPES.get(character) ?? `\\${character}`
}

/** How much of `text` at `at` the sticky `pattern` takes. */
function lengthAt(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0].length ?? 0
}
