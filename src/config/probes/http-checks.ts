import { z } from 'zod'
import { decimal, regex, scalar } from '../entry-settings.ts'
import { complain } from '../refine.ts'
import { flag, mark } from '../settings.ts'

/** What an HTTP answer is checked for. */

export interface StatusRange {
  readonly from: number
  readonly to: number
}

const EXPECTED_STATUS = 'a status such as 204, a class such as 2xx or a range such as 200-299'

/** Decodes to the first and the last status that are meant. */
export const statusRange = () =>
  mark(z.string(), { expected: EXPECTED_STATUS, examples: ['204', '2xx', '200-299'] }).transform(
    (value, context): StatusRange => {
      const [, one, hundred, low, high] = /^(?:([1-5]\d\d)|([1-5])xx|([1-5]\d\d)-([1-5]\d\d))$/i.exec(value) ?? []
      if (one !== undefined) return { from: Number(one), to: Number(one) }
      if (hundred !== undefined) return { from: Number(hundred) * 100, to: Number(hundred) * 100 + 99 }
      const range = { from: Number(low), to: Number(high) }
      if (range.from <= range.to) return range
      context.addIssue({ code: 'custom', message: `expected ${EXPECTED_STATUS}` })
      return z.NEVER
    },
  )

/** `a.b[0].c` as its steps; a number is an index. */
export function parseJsonPath(path: string): (string | number)[] | undefined {
  if (!/^(?:[^.[\]\s]+|\[\d{1,9}\])(?:\.[^.[\]\s]+|\[\d{1,9}\])*$/.test(path)) return undefined
  const steps = path.matchAll(/\[(\d+)\]|([^.[\]]+)/g)
  return [...steps].map(([, index, key]) => (index === undefined ? (key ?? '') : Number(index)))
}

const EXPECTED_PATH = 'a path into the JSON such as status, checks[0].state or [2].name'

const jsonPath = () =>
  mark(z.string().max(500), { expected: EXPECTED_PATH, examples: ['checks[0].state'] }).transform((value, context) => {
    const steps = parseJsonPath(value)
    if (steps) return { text: value, steps }
    context.addIssue({ code: 'custom', message: `expected ${EXPECTED_PATH}` })
    return z.NEVER
  })

const CONDITIONS = ['equals', 'matches', 'min', 'max', 'exists'] as const

/** One assertion about the JSON of an answer. */
export const jsonCheck = () =>
  z
    .strictObject({
      path: jsonPath().describe('Where to look: keys with dots between them, list items as [0].'),
      equals: scalar().optional().describe('The value there: a text, a number, true or false.'),
      matches: regex().optional().describe('Regular expression that the text there must match.'),
      min: decimal().optional().describe('Least that the number there may be.'),
      max: decimal().optional().describe('Most that the number there may be.'),
      exists: flag().optional().describe('Whether there must be something (null counts as nothing), or must not.'),
    })
    .superRefine((s, context) => {
      if (CONDITIONS.every((key) => s[key] === undefined)) {
        complain(context, [], 'expected equals, matches, min, max or exists in it, got none')
      }
      if (s.exists === false && CONDITIONS.some((key) => key !== 'exists' && s[key] !== undefined)) {
        complain(context, 'exists', 'expected nothing else to be asked of what must not exist')
      }
      if (s.min !== undefined && s.max !== undefined && s.min > s.max) complain(context, 'min', 'expected at most max')
    })
    .transform((s) => ({
      path: s.path,
      ...(s.equals !== undefined && { equals: s.equals }),
      ...(s.matches !== undefined && { matches: s.matches }),
      ...(s.min !== undefined && { min: s.min }),
      ...(s.max !== undefined && { max: s.max }),
      ...(s.exists !== undefined && { exists: s.exists }),
    }))

export type JsonCheck = z.output<ReturnType<typeof jsonCheck>>
