import { z } from 'zod'
import { REQUIRED_FIELDS } from '../model/log-entry.ts'
import { condition, field, ratio, regex, scalar } from './entry-settings.ts'
import { oneOf } from './problem.ts'
import { complain } from './refine.ts'
import { choice, count, duration, either, flag, mark, secret, withFile } from './settings.ts'
import { REDACT_PRESETS, type StepSetting } from './steps.ts'

/** `process` of a source: its steps, each a map with one key. */

/** A step may change what these say, not take them away. */
const REQUIRED: readonly string[] = REQUIRED_FIELDS
/** What says where a record was read is not for a step to say. */
const FIXED = ['source', 'file', 'offset', 'metadata']

const removable = () =>
  field((name) => (REQUIRED.includes(name) ? 'expected a field an entry can be without' : undefined))
const settable = () => field((name) => (FIXED.includes(name) ? 'expected a field that can be set' : undefined))

const sample = z
  .strictObject({
    rate: ratio().describe('Share that is kept: 0.1 or 10%.'),
    by: field()
      .optional()
      .describe('Entries alike in this field are kept or dropped together; default: each for itself.'),
    keep_errors: flag().prefault(true).describe('ERROR and CRITICAL are always kept.'),
  })
  .transform(({ rate, by, keep_errors }) => ({ rate, ...(by !== undefined && { by }), keepErrors: keep_errors }))

const rateLimit = z
  .strictObject({
    limit: count(1, 1_000_000_000).describe('Most entries …'),
    per: duration({ min: '100ms', max: '1d' })
      .prefault('1s')
      .describe('… in this time. One entry says how many were refused.'),
    by: field().optional().describe('Counted for each value of this field; default: for the source.'),
  })
  .transform(({ limit, per, by }) => ({ limit, perMs: per, ...(by !== undefined && { by }) }))

const dedupe = z
  .strictObject({
    window: duration({ min: '100ms', max: '1d' })
      .prefault('30s')
      .describe('Repeats within this time become one entry that counts them in metadata.repeated.'),
    by: z.array(field()).min(1).prefault(['message', 'level']).describe('Entries that are alike in these are repeats.'),
  })
  .transform(({ window, by }) => ({ windowMs: window, by }))

const maskName = () =>
  mark(z.string().regex(/^[a-z][a-z0-9_]{0,62}$/), { expected: 'a name of lower-case letters, digits and _' })

const redact = z
  .strictObject({
    presets: either([z.literal('all').transform(() => REDACT_PRESETS), z.array(choice(REDACT_PRESETS))])
      .optional()
      .describe(`What is looked for: all, or a list of ${REDACT_PRESETS.join(', ')}.`),
    patterns: z
      .record(maskName(), regex())
      .prefault({})
      .describe('Own regular expressions, by the name their mask shows.'),
    mode: choice(['mask', 'hash', 'remove'])
      .prefault('mask')
      .describe(
        'mask: [email]. hash: [email:1f3a9c0b5d2e], the same for the same text and key. remove: nothing is left.',
      ),
    ...withFile('key', secret().optional().describe('Key of the hash, at least 16 characters.')),
  })
  .superRefine((s, context) => {
    const isHash = s.mode === 'hash'
    if (isHash && !s.key) complain(context, 'mode', 'expected a key beside it, got none', 'set key or key_file')
    if (!isHash && s.key) complain(context, 'key', `expected mode: hash beside it, got ${s.mode}`)
    if (isHash && s.key && s.key.reveal().length < 16)
      complain(context, 'key', 'expected at least 16 characters, got fewer')
    if (s.presets === undefined && Object.keys(s.patterns).length === 0) {
      complain(
        context,
        [],
        'expected presets or patterns in it, got neither',
        'presets: all looks for all that is known',
      )
    }
  })
  .transform((s) => ({
    presets: [...new Set(s.presets ?? [])],
    patterns: Object.entries(s.patterns).map(([name, pattern]) => ({ name, pattern })),
    mode: s.mode,
    ...(s.key && { key: s.key }),
  }))

const step = z
  .strictObject({
    add: z
      .record(settable(), scalar())
      .refine((fields) => Object.keys(fields).length > 0, 'is empty: expected at least one field')
      .transform((fields): StepSetting => ({ kind: 'add', fields }))
      .optional()
      .describe('Sets fields: add: {team: payments}.'),
    rename: z
      .record(removable(), settable())
      .refine((fields) => Object.keys(fields).length > 0, 'is empty: expected at least one field')
      .transform((fields): StepSetting => ({ kind: 'rename', fields }))
      .optional()
      .describe('Gives fields another name, old: new.'),
    drop: either([removable(), z.array(removable()).min(1)])
      .transform((fields): StepSetting => ({ kind: 'drop', fields: [fields].flat() }))
      .optional()
      .describe('Removes a field, or a list of them.'),
    keep_if: condition()
      .transform((condition): StepSetting => ({ kind: 'keep_if', condition }))
      .optional()
      .describe('Only entries for which it holds go on: level >= WARNING or status_code >= 500.'),
    drop_if: condition()
      .transform((condition): StepSetting => ({ kind: 'drop_if', condition }))
      .optional()
      .describe('Entries for which it holds are dropped: path matches "^/health".'),
    sample: sample
      .transform((sample): StepSetting => ({ kind: 'sample', ...sample }))
      .optional()
      .describe('Keeps a share of the entries.'),
    rate_limit: rateLimit
      .transform((limit): StepSetting => ({ kind: 'rate_limit', ...limit }))
      .optional()
      .describe('Keeps at most so many entries in a time.'),
    dedupe: dedupe
      .transform((dedupe): StepSetting => ({ kind: 'dedupe', ...dedupe }))
      .optional()
      .describe('Makes one entry of repeats.'),
    redact: redact
      .transform((redact): StepSetting => ({ kind: 'redact', redact }))
      .optional()
      .describe('Hides what must not leave the host, before anything is written to disk.'),
  })
  .transform((s, context): StepSetting => {
    const [first, second] = Object.entries(s).filter(([, step]) => step !== undefined)
    if (first?.[1] === undefined) {
      complain(context, [], `expected one of ${oneOf(Object.keys(step.in.shape))}, got none`)
      return z.NEVER
    }
    if (second !== undefined) {
      complain(
        context,
        second[0],
        `expected one step, got ${first[0]} too`,
        'begin the line with a dash to make it a step of its own',
      )
    }
    return first[1]
  })

export const processSetting = () =>
  z
    .array(step)
    .prefault([])
    .describe('What happens to an entry before it is stored: steps in their order, each with one key.')
