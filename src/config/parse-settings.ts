import { z } from 'zod'
import { regex, timeFormat, timeZone } from './entry-settings.ts'
import { expandGrok } from './grok.ts'
import { oneOf } from './problem.ts'
import { complain } from './refine.ts'
import { count, duration, either, mark, size, text } from './settings.ts'
import { FORMATS, type JoinConfig, MULTILINE_PRESETS, type MultilinePreset, type ParseConfig } from './steps.ts'

/** `parse`, `timezone`, `time_format` and `multiline` of a source. */

const format = z.enum(FORMATS).transform((format): ParseConfig => ({ kind: 'format', format }))

const ownPattern = z
  .strictObject({
    pattern: regex()
      .optional()
      .describe(
        'Regular expression; its named groups, (?<level>[A-Z]+), become fields. Lines it does not match stay whole.',
      ),
    grok: text()
      .optional()
      .describe("A pattern in grok's notation, instead of pattern: %{COMBINEDAPACHELOG}, %{NUMBER:took:float}."),
    patterns: z
      .record(
        mark(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,62}$/), { expected: 'a name of letters, digits and _' }),
        text(),
      )
      .optional()
      .describe('Own patterns that grok may use by name, in its notation.'),
  })
  .transform((s, context): ParseConfig => {
    if (s.pattern !== undefined && s.grok !== undefined) complain(context, 'grok', 'expected pattern or grok, got both')
    if (s.pattern !== undefined && s.patterns !== undefined) {
      complain(context, 'patterns', 'expected grok beside it, got pattern')
    }
    if (s.pattern !== undefined) return { kind: 'pattern', pattern: s.pattern, keys: {}, numbers: [] }
    if (s.grok === undefined) {
      complain(context, [], 'expected pattern or grok in it, got neither')
      return z.NEVER
    }
    const expanded = expandGrok(s.grok, s.patterns ?? {})
    if (expanded.kind === 'bad') {
      complain(context, expanded.at === undefined ? 'grok' : ['patterns', expanded.at], expanded.message)
      return z.NEVER
    }
    const { pattern, keys, numbers } = expanded
    return { kind: 'pattern', pattern, keys, numbers, grok: { text: s.grok, patterns: s.patterns ?? {} } }
  })

export const parseSetting = () =>
  either([format, ownPattern])
    .prefault('auto')
    .describe(
      'Format of the lines, or {pattern: …} or {grok: …}. auto: found out per file, and again when it stops fitting; what fits no format is plain text.',
    )

export const timezoneSetting = () =>
  timeZone()
    .prefault('local')
    .describe('Zone of times that do not name theirs: an IANA name such as America/Sao_Paulo, UTC, or local.')

export const timeFormatSetting = () =>
  timeFormat()
    .optional()
    .describe("Layout of times, in strftime's notation, tried before the usual forms: %d/%m/%Y %H:%M:%S.")

const AUTO: JoinConfig = { kind: 'auto' }
const preset = () => z.enum(MULTILINE_PRESETS)
const presetsOf = (presets: readonly MultilinePreset[]): JoinConfig => ({
  kind: 'presets',
  presets: [...new Set(presets)],
})
const presetList = () => z.array(preset()).min(1).transform(presetsOf)

const word = z
  .enum(['auto', 'none', ...MULTILINE_PRESETS])
  .transform((word): JoinConfig => (word === 'auto' || word === 'none' ? { kind: word } : presetsOf([word])))

/** The ways to say which lines belong together; at most one of them. */
const WAYS = ['preset', 'start', 'continue', 'until'] as const

const joinMap = z
  .strictObject({
    preset: either([word, presetList()]).optional().describe('auto, none, a preset or a list of them.'),
    start: regex().optional().describe('A line that matches begins a record.'),
    continue: regex().optional().describe('A line that matches goes on with the record before.'),
    until: regex().optional().describe('A line that matches ends a record.'),
    timeout: duration({ min: '10ms', max: '1h' })
      .prefault('1s')
      .describe('A record that got no further line for this long is complete.'),
    max_lines: count(1, 100_000).prefault(500).describe('Most lines of a record; the next one begins another.'),
    max_bytes: size({ min: '1KiB', max: '16MiB' })
      .prefault('1MiB')
      .describe('Most bytes of a record; the next line begins another.'),
  })
  .superRefine((s, context) => {
    const [first, second] = WAYS.filter((way) => s[way] !== undefined)
    if (second !== undefined) complain(context, second, `expected one of ${oneOf(WAYS)}, got ${first} too`)
  })
  .transform((s) => {
    const { start, until } = s
    const join: JoinConfig =
      start !== undefined
        ? { kind: 'start', pattern: start }
        : s.continue !== undefined
          ? { kind: 'continue', pattern: s.continue }
          : until !== undefined
            ? { kind: 'until', pattern: until }
            : (s.preset ?? AUTO)
    return { join, timeoutMs: s.timeout, maxLines: s.max_lines, maxBytes: s.max_bytes }
  })

/** The limits have one default each: that of the map. */
const joined = (join: JoinConfig) => ({ ...joinMap.parse({}), join })

export const multilineSetting = () =>
  either([word.transform(joined), presetList().transform(joined), joinMap])
    .prefault('auto')
    .describe('Which lines make one record. auto: as the format says. Or none, a preset, a list of presets, or a map.')
