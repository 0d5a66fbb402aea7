/**
 * Grok: regular expressions that use others by name. `%{NAME}` stands for the pattern of that name, `%{NAME:field}` captures
 * it, `%{NAME:field:int}` and `:float` as a number, and `%{NAME:[a][b]}` is the field `a.b`.
 */
import { GROK_PATTERNS } from './grok-patterns.ts'
import { nearest } from './nearest.ts'
import { groupsOf, patternProblem } from './pattern.ts'
import { MAX_PATTERN_CHARS } from './pattern-syntax.ts'
import { oneOf, quote } from './problem.ts'

export type ExpandedGrok =
  | {
      readonly kind: 'ok'
      readonly pattern: string
      /** Field of each group that does not bear its field's name. */
      readonly keys: Readonly<Record<string, string>>
      /** Groups that are numbers. */
      readonly numbers: readonly string[]
    }
  /** `at`: the own pattern it is about, or nothing for the text itself. */
  | { readonly kind: 'bad'; readonly message: string; readonly at?: string }

const REFERENCE = /%\{([^{}]*)\}/g
/** NAME, NAME:field, NAME:field:type. */
const PARTS = /^([A-Za-z_][A-Za-z0-9_]*)(?::([^:]+)(?::([a-z]+))?)?$/
const AS_WRITTEN = { ignoreCase: false }
const TYPES = ['int', 'float', 'string']

/** `own`: patterns beside the standard ones, which they may replace. */
export function expandGrok(text: string, own: Readonly<Record<string, string>>): ExpandedGrok {
  const expansion = new Expansion(own)
  try {
    for (const name of Object.keys(own)) new Expansion(own).pattern(name, [])
    const pattern = expansion.text(text, [])
    const problem = patternProblem(pattern, AS_WRITTEN)
    if (problem !== undefined) return blame(problem, own)
    const written = new Set(groupsOf(pattern))
    const keys = Object.fromEntries([...expansion.keys].filter(([group, key]) => group !== key && written.has(group)))
    return { kind: 'ok', pattern, keys, numbers: [...expansion.numbers] }
  } catch (error) {
    if (error instanceof GrokError)
      return { kind: 'bad', message: error.message, ...(error.at !== undefined && { at: error.at }) }
    throw error
  }
}

/** The own pattern that is wrong by itself, if one is: that is where an operator has to look. */
function blame(message: string, own: Readonly<Record<string, string>>): ExpandedGrok {
  for (const name of Object.keys(own)) {
    const problem = patternProblem(new Expansion(own).pattern(name, []), AS_WRITTEN)
    if (problem !== undefined) return { kind: 'bad', message: problem, at: name }
  }
  return { kind: 'bad', message }
}

class GrokError extends Error {
  readonly at: string | undefined

  constructor(message: string, at: string | undefined) {
    super(message)
    this.at = at
  }
}

class Expansion {
  /** Group → field. */
  readonly keys = new Map<string, string>()
  readonly numbers = new Set<string>()
  readonly #own: Readonly<Record<string, string>>
  #length = 0

  constructor(own: Readonly<Record<string, string>>) {
    this.#own = own
  }

  /** `path`: the names on the way here, outermost first. */
  text(text: string, path: readonly string[]): string {
    const at = path.findLast((name) => Object.hasOwn(this.#own, name))
    return text.replace(REFERENCE, (whole, inner: string) => {
      const [found, name = '', field, type] = PARTS.exec(inner) ?? []
      if (found === undefined) {
        throw new GrokError(`has ${quote(whole)}; expected %{NAME}, %{NAME:field} or %{NAME:field:int}`, at)
      }
      if (type !== undefined && !TYPES.includes(type)) {
        throw new GrokError(`has the type ${quote(type)} in ${quote(whole)}; expected ${oneOf(TYPES)}`, at)
      }
      // The group comes first, so that the fields are in the order of the text.
      const group = field === undefined ? undefined : this.#group(field, whole, at)
      if (group !== undefined && (type === 'int' || type === 'float')) this.numbers.add(group)
      const pattern = this.pattern(name, path)
      return group === undefined ? `(?:${pattern})` : `(?<${group}>${pattern})`
    })
  }

  pattern(name: string, path: readonly string[]): string {
    const at = path.findLast((name) => Object.hasOwn(this.#own, name))
    if (path.includes(name))
      throw new GrokError(`uses itself: ${[...path.slice(path.indexOf(name)), name].join(' → ')}`, at)
    const text = Object.hasOwn(this.#own, name) ? this.#own[name] : GROK_PATTERNS.get(name)
    if (text === undefined) {
      const near = nearestName(name, [...Object.keys(this.#own), ...GROK_PATTERNS.keys()])
      throw new GrokError(
        `uses %{${quote(name)}}, which is not known${near === undefined ? '' : `; did you mean %{${near}}?`}`,
        at,
      )
    }
    this.#length += text.length
    if (this.#length > MAX_PATTERN_CHARS) throw new GrokError('comes to too long a pattern; make it shorter', at)
    return this.text(text, [...path, name])
  }

  /** A group for `field`: of its name where that can be. */
  #group(field: string, whole: string, at: string | undefined): string {
    const isNested = /^(?:\[[^[\]]+\])+$/.test(field)
    if (!isNested && /[[\]\s]/.test(field))
      throw new GrokError(`has the field ${quote(field)} in ${quote(whole)}; expected a name, or [a][b]`, at)
    const key = isNested ? field.slice(1, -1).split('][').join('.') : field
    const isFree = /^[A-Za-z_][A-Za-z0-9_]*$/.test(key) && !this.keys.has(key)
    const group = isFree ? key : `field_${this.keys.size}`
    this.keys.set(group, key)
    return group
  }
}

/** `nearest` works on lower-case words. */
function nearestName(name: string, known: readonly string[]): string | undefined {
  const byLower = new Map(known.map((word) => [word.toLowerCase(), word]))
  return byLower.get(nearest(name, byLower.keys()) ?? '')
}
