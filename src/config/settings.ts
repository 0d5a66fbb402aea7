import { z } from 'zod'
import { globProblem } from './glob.ts'
import { isLoopback, parseListen } from './listen.ts'
import { oneOf } from './problem.ts'
import { Secret } from './secret.ts'
import {
  DURATION_PATTERN,
  EXPECTED_DURATION,
  EXPECTED_SIZE,
  formatDuration,
  formatSize,
  type Parsed,
  parseDuration,
  parseSize,
  SIZE_PATTERN,
} from './units.ts'

/**
 * The kinds of settings that agent.yaml knows. Each reads text, since YAML scalars and `${VAR}` arrive as text, and numbers
 * and booleans where that is what they are.
 */

/**
 * What the loader does with a setting besides checking it. `path` and `glob`: resolves it against the folder of agent.yaml.
 * `file`: also sees that it can be read. `secret`: never shows it, and reads it from its twin `<name>_file`.
 */
export type Role = 'path' | 'file' | 'glob' | 'secret'

/** Marks that stay inside: `role`, and `expected`, the words for what may stand there. */
interface Marks {
  readonly role?: Role
  readonly expected?: string
  readonly pattern?: string
  readonly format?: string
  readonly examples?: string[]
}

const EXPECTED_URL = 'an http or https address such as https://collector.example/v1/batches'
const EXPECTED_LISTEN = 'an address and port, such as 127.0.0.1:9610, [::1]:9610 or localhost:0'

interface Bounds {
  readonly min?: string
  readonly max?: string
}

export const mark = <S extends z.ZodType>(schema: S, marks: Marks): S => schema.meta({ ...marks })

export const text = () => z.string().min(1)

export const choice = <const V extends readonly string[]>(values: V) => z.enum(values)

/** `true` or `false`; the YAML 1.1 words yes, no, on and off are refused. */
export const flag = () => z.preprocess((v) => (v === 'true' ? true : v === 'false' ? false : v), z.boolean())

export const count = (min: number, max: number) =>
  z.preprocess((v) => (typeof v === 'string' && /^-?\d{1,15}$/.test(v) ? Number(v) : v), z.int().min(min).max(max))

/** A setting that may be written in several forms: at most one scalar, one list and one map. */
export const either = <const O extends readonly z.ZodType[]>(options: O) => z.union(options)

interface Measure {
  readonly noun: string
  readonly parse: (text: string) => Parsed
  readonly format: (value: number) => string
  readonly pattern: string
  readonly expected: string
  readonly examples: string[]
  /** What a bare number may have been meant in. */
  readonly units: readonly string[]
}

const DURATION: Measure = {
  noun: 'duration',
  parse: parseDuration,
  format: formatDuration,
  pattern: DURATION_PATTERN,
  expected: EXPECTED_DURATION,
  examples: ['250ms', '30s', '1h30m'],
  units: ['ms', 's', 'm'],
}
const SIZE: Measure = {
  noun: 'size',
  parse: parseSize,
  format: formatSize,
  pattern: SIZE_PATTERN,
  expected: EXPECTED_SIZE,
  examples: ['10MB', '10MiB'],
  units: ['MB', 'MiB'],
}

/** Decodes to milliseconds. */
export const duration = (bounds: Bounds = {}) => unit(DURATION, bounds)

/** Decodes to bytes. */
export const size = (bounds: Bounds = {}) => unit(SIZE, bounds)

export const path = () => mark(text().superRefine(refuse(pathProblem)), { role: 'path', expected: 'a path' })

/** A file that must be readable when the configuration is loaded. */
export const readableFile = () => mark(path(), { role: 'file', expected: 'the path of a file' })

export const glob = () =>
  mark(text().superRefine(refuse((v) => globProblem(v) ?? pathProblem(v))), {
    role: 'glob',
    expected: 'a path or a glob such as /var/log/app/*.log',
  })

export const name = () =>
  mark(z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/), {
    expected: 'a name of lower-case letters, digits, _ and -, beginning with a letter, at most 63 characters long',
  })

/** A text that is never shown. It goes into a header, so control characters are refused. */
export const secret = () =>
  mark(z.string().regex(/^\P{Cc}+$/u), {
    role: 'secret',
    expected: 'text without line breaks or control characters',
  }).transform((value) => new Secret(value))

/** As RFC 6750 spells a bearer token, and a little more: visible ASCII. */
export const token = () =>
  mark(z.string().regex(/^[\x21-\x7e]+$/), {
    role: 'secret',
    expected: 'a token of visible ASCII characters',
  }).transform((value) => new Secret(value))

/** An http or https address. It may carry a secret in its path or query, so it is not shown as it was given. */
export const httpUrl = () =>
  mark(z.string().refine(isHttpUrl, `expected ${EXPECTED_URL}`), {
    role: 'secret',
    expected: EXPECTED_URL,
    format: 'uri',
    pattern: '^https?://',
  })

export const listenAddress = () =>
  mark(
    text().refine((value) => parseListen(value) !== undefined, `expected ${EXPECTED_LISTEN}`),
    { expected: EXPECTED_LISTEN },
  )

/** Names (RFC 9110, 5.6.2) and values of HTTP headers; the values may be secrets. */
export const httpHeaders = () =>
  z.record(
    mark(z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/), { expected: 'the name of an HTTP header' }),
    mark(z.string().regex(/^[\x20-\x7e]*$/), { role: 'secret', expected: 'a text of printable ASCII characters' }),
  )

/** A secret setting together with its twin `<name>_file`. The loader reads the file; the schema then sees the secret. */
export function withFile<N extends string, S extends z.ZodType>(name: N, schema: S): Twin<N, S> {
  const file = mark(path(), { role: 'path', expected: 'the path of a file' })
  const sentence = `File that holds ${name}, instead of ${name}; its last line break is dropped.`
  // TypeScript widens a computed key to any string.
  return { [name]: schema, [`${name}_file`]: file.optional().describe(sentence) } as Twin<N, S>
}

type Twin<N extends string, S> = { [K in N]: S } & { [K in `${N}_file`]: z.ZodOptional<z.ZodString> }

/** Whether only this host can reach what listens at `listen`. */
export function isLocalListen(listen: string): boolean {
  const address = parseListen(listen)
  return address === undefined || isLoopback(address.host)
}

function unit(measure: Measure, bounds: Bounds) {
  const { parse, format, ...marks } = measure
  const min = limit(parse, bounds.min, 0)
  const max = limit(parse, bounds.max, Number.MAX_SAFE_INTEGER)
  const range = bounds.max === undefined ? `of at least ${format(min)}` : `from ${format(min)} to ${format(max)}`
  return mark(z.string(), { pattern: marks.pattern, expected: marks.expected, examples: marks.examples }).transform(
    (value, context) => {
      const parsed = parse(value)
      if (parsed.kind === 'ok' && parsed.value >= min && parsed.value <= max) return parsed.value
      const expected = parsed.kind === 'bad' ? parsed.expected : `a ${marks.noun} ${range}`
      const fixes = /^\d+(\.\d+)?$/.test(value) ? marks.units.map((unit) => value + unit) : []
      const params = fixes.length > 0 ? { hint: `write ${oneOf(fixes)}, whichever is meant` } : {}
      context.addIssue({ code: 'custom', message: `expected ${expected}`, params })
      return z.NEVER
    },
  )
}

function limit(parse: (text: string) => Parsed, bound: string | undefined, otherwise: number): number {
  const parsed = bound === undefined ? undefined : parse(bound)
  return parsed?.kind === 'ok' ? parsed.value : otherwise
}

/** Refuses what `problemOf` finds a problem in. */
export function refuse(problemOf: (value: string) => string | undefined) {
  return (value: string, context: z.core.$RefinementCtx<string>): void => {
    const message = problemOf(value)
    if (message) context.addIssue({ code: 'custom', message })
  }
}

function pathProblem(value: string): string | undefined {
  if (value.includes('\0')) return 'expected a path without NUL characters'
  if (/^~(\/|$)/.test(value)) return `expected a path; ~ is not understood here, \${HOME} is`
  return undefined
}

function isHttpUrl(value: string): boolean {
  const url = URL.parse(value)
  return url !== null && /^https?:\/\//i.test(value) && !/\s/.test(value) && url.hash === ''
}
