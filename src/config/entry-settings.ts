import { z } from 'zod'
import { parseCondition } from './condition.ts'
import { patternProblem } from './pattern.ts'
import { mark, refuse, text } from './settings.ts'
import { timeFormatProblem, timeZoneProblem } from './time-words.ts'

/** The kinds of settings that are about what is in a log: patterns, conditions, fields, times. */

const FIELD = 'a field such as status_code, or a path into metadata such as order.id'
const EXPECTED_FIELD = `expected ${FIELD}`
const EXPECTED_RATIO = 'a share above 0 and up to 1, such as 0.1 or 10%'

/** A regular expression that cannot hang the agent. */
export const regex = () =>
  mark(text().superRefine(refuse((source) => patternProblem(source))), { expected: 'a regular expression' })

/** Decodes to the tree. */
export const condition = () =>
  mark(text(), { expected: 'a condition such as level >= WARNING' }).transform((value, context) => {
    const parsed = parseCondition(value)
    if (parsed.kind === 'ok') return parsed.condition
    const message = `${parsed.message} (at its character ${parsed.at + 1})`
    context.addIssue({ code: 'custom', message, params: { isComplete: true } })
    return z.NEVER
  })

/** A field of an entry, or a path into metadata. `problemOf`: what is wrong with one that is well formed. */
export const field = (problemOf: (name: string) => string | undefined = () => undefined) =>
  mark(
    z
      .string()
      .regex(/^[^\s.\p{Cc}][^\s\p{Cc}]{0,254}$/u)
      .superRefine(refuse((name) => (/\.\.|\.$/.test(name) ? EXPECTED_FIELD : problemOf(name)))),
    { expected: FIELD },
  )

/** A text, a number or a truth value, by how it is written; what a number would not give back as it was stays text. */
export const scalar = () =>
  mark(z.string(), { expected: 'a text, a number, true or false' }).transform((value) => {
    if (value === 'true' || value === 'false') return value === 'true'
    const number = Number(value)
    return String(number) === value && Number.isFinite(number) ? number : value
  })

/** `0.1` or `10%`; decodes to 0–1, beyond 0. */
export const ratio = () =>
  mark(z.string(), { expected: EXPECTED_RATIO, examples: ['0.1', '10%'] }).transform((value, context) => {
    const [, digits, percent] = /^(\d{1,9}(?:\.\d{1,12})?(?:e-\d{1,2})?)(%?)$/.exec(value) ?? []
    const number = digits === undefined ? Number.NaN : Number(digits) / (percent === '%' ? 100 : 1)
    if (number > 0 && number <= 1) return number
    context.addIssue({ code: 'custom', message: `expected ${EXPECTED_RATIO}` })
    return z.NEVER
  })

/** A number such as 0.25 or 1e3. */
export const decimal = () =>
  mark(z.string(), { expected: 'a number' }).transform((value, context) => {
    if (/^-?\d{1,15}(\.\d{1,15})?([eE][+-]?\d{1,2})?$/.test(value)) return Number(value)
    context.addIssue({ code: 'custom', message: 'expected a number' })
    return z.NEVER
  })

/** Decodes to an IANA name, or to nothing for `local`. */
export const timeZone = () =>
  mark(text().superRefine(refuse(timeZoneProblem)), {
    expected: 'local, UTC or an IANA name such as Europe/Berlin',
  }).transform((value) => (value === 'local' ? undefined : value))

export const timeFormat = () =>
  mark(text().superRefine(refuse(timeFormatProblem)), { expected: 'a layout such as %d/%m/%Y %H:%M:%S' })
