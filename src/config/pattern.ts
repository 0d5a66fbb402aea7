/**
 * Regular expressions of agent.yaml. A crafted line must not hold the agent up, so each of them is one that V8 can match in
 * linear time, and does as soon as backtracking costs too much: after so many backtracks a match begins anew in the
 * linear-time engine. What that engine does not cover would go on backtracking for ever, so it is refused when the
 * configuration is read. Nothing else may make a RegExp of a text from agent.yaml.
 */
import v8 from 'node:v8'
import { type Translated, translate } from './pattern-syntax.ts'

/** Only the beginning of a text is matched: at most so many UTF-16 units, fewer by a large pattern (`matchedChars`). */
export const MAX_MATCHED_CHARS = 16_384
const MIN_MATCHED_CHARS = 2048

/**
 * Weight of a pattern times length of a text. Measured, the linear-time engine takes 5 to 9 ns for each unit of weight at each
 * character when everything in the pattern is open at once, so a match costs at most about 50 ms.
 */
const BUDGET = MAX_MATCHED_CHARS * 250
const MAX_WEIGHT = BUDGET / MIN_MATCHED_CHARS

/**
 * What V8 takes by itself is 50,000, but it does not count the steps of simple loops: `\s+$` on 16 Ki blanks takes 255 ms at
 * 50,000 and 17 ms at 500. Usual lines and patterns stay far below 500, and what does not is matched all the same, slower.
 */
export const BACKTRACKS_BEFORE_LINEAR = 500

export interface PatternOptions {
  readonly ignoreCase?: boolean
  /** For replacing all matches: with the flag g. */
  readonly isGlobal?: boolean
}

/**
 * What is wrong with a regular expression, for an operator: a predicate, as in "has a lookahead (?=…), …". By default, of one
 * that may be compiled with ignoreCase or without: the former weighs more.
 */
export function patternProblem(source: string, { ignoreCase = true }: PatternOptions = {}): string | undefined {
  const translated = translate(source, { ignoreCase, maxWeight: MAX_WEIGHT })
  if (translated.kind === 'bad') return translated.message
  return isLinear(translated.source) ? undefined : 'cannot be matched in bounded time; make it simpler'
}

/** A source that `patternProblem` has nothing against. Without g and y: it has no memory. @throws {Error} for any other. */
export function compilePattern(source: string, { ignoreCase = false, isGlobal = false }: PatternOptions = {}): RegExp {
  boundBacktracking()
  return new RegExp(translated(source, ignoreCase).source, isGlobal ? 'g' : '')
}

/** How much of a text the compiled pattern may be asked to match, UTF-16 units: what costs at most about 50 ms. */
export function matchedChars(source: string, { ignoreCase = false }: PatternOptions = {}): number {
  return Math.min(MAX_MATCHED_CHARS, Math.floor(BUDGET / translated(source, ignoreCase).weight))
}

/** Names of its groups, each once, in their order. */
export function groupsOf(source: string): readonly string[] {
  return [...new Set(translated(source, false).groups)]
}

function translated(source: string, ignoreCase: boolean): Extract<Translated, { kind: 'ok' }> {
  const result = translate(source, { ignoreCase, maxWeight: MAX_WEIGHT })
  if (result.kind === 'ok') return result
  throw new Error(`Cannot compile a pattern: it ${result.message}`)
}

/**
 * The flags belong to the process, workers included, and V8 asks for them when a pattern first runs: they are set before any
 * is made, and stay set. Setting them again changes nothing.
 */
function boundBacktracking(): void {
  v8.setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks')
  v8.setFlagsFromString(`--regexp-backtracks-before-fallback=${BACKTRACKS_BEFORE_LINEAR}`)
}

/** Whether V8's linear-time engine itself says that it covers the pattern. */
function isLinear(source: string): boolean {
  v8.setFlagsFromString('--enable-experimental-regexp-engine')
  try {
    new RegExp(source, 'l')
    return true
  } catch {
    return false
  }
}
