import type { JsonCheck } from '../../config/probes/http-checks.ts'
import { oneLine } from '../network/finding.ts'
import { TextPattern } from '../network/text-pattern.ts'

/** Looks at one place of a decoded JSON text; returns what is wrong there. */
export type CompiledJsonCheck = (json: unknown) => string | undefined

export function compileJsonCheck({ path, equals, matches, min, max, exists }: JsonCheck): CompiledJsonCheck {
  const pattern = matches === undefined ? undefined : new TextPattern(matches)
  return (json) => {
    const value = valueAt(json, path.steps)
    const isThere = value !== undefined && value !== null
    const wrong = (expected: string): string => `${path.text} in the JSON: expected ${expected}, got ${shown(value)}`
    if (exists === false) return isThere ? wrong('nothing') : undefined
    if (exists === true && !isThere) return wrong('something')
    if (
      equals !== undefined &&
      value !== equals &&
      !(isThere && typeof value !== 'object' && String(value) === String(equals))
    ) {
      return wrong(shown(equals))
    }
    if (pattern && !(isScalar(value) && pattern.matchesStart(String(value))))
      return wrong(`a match of ${pattern.source}`)
    const number = typeof value === 'number' ? value : Number.NaN
    if (min !== undefined && !(number >= min)) return wrong(`at least ${min}`)
    if (max !== undefined && !(number <= max)) return wrong(`at most ${max}`)
    return undefined
  }
}

function valueAt(json: unknown, steps: readonly (string | number)[]): unknown {
  let value = json
  for (const step of steps) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
    value = Reflect.get(value, step)
  }
  return value
}

const isScalar = (value: unknown): boolean => ['string', 'number', 'boolean'].includes(typeof value)

function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' && value !== null) return 'an object'
  return oneLine(String(value), 60)
}
