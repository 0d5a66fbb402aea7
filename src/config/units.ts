const DURATION_UNITS_MS: Record<string, number> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}
const SIZE_UNITS: Record<string, number> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
}

export const EXPECTED_DURATION = 'a duration with its unit, such as 250ms, 30s, 5m, 1h30m or 7d'
export const EXPECTED_SIZE = 'a size with its unit, such as 10MB (decimal) or 10MiB (binary)'
/** What the two parsers accept, as a JSON Schema says it. */
export const DURATION_PATTERN = '^(\\d+(\\.\\d+)?(ms|s|m|h|d|w))+$'
export const SIZE_PATTERN = `^\\d+(\\.\\d+)? ?(${Object.keys(SIZE_UNITS).join('|')})$`

export type Parsed = { kind: 'ok'; value: number } | { kind: 'bad'; expected: string }

/** `250ms`, `30s`, `5m`, `1h30m`, `7d` → milliseconds. A bare number is refused: its unit would be a guess. */
export function parseDuration(text: string): Parsed {
  if (!new RegExp(DURATION_PATTERN).test(text)) return { kind: 'bad', expected: EXPECTED_DURATION }
  let ms = 0
  for (const [, amount, , unit] of text.matchAll(/(\d+(\.\d+)?)(ms|s|m|h|d|w)/g)) {
    ms += Number(amount) * (DURATION_UNITS_MS[unit ?? ''] ?? Number.NaN)
  }
  return whole(ms, 'a duration that a computer can count')
}

/** `10MB` (decimal), `10MiB` (binary), `512B` → bytes. `10M` is refused: it means either. */
export function parseSize(text: string): Parsed {
  const match = /^(\d+(?:\.\d+)?) ?([a-zA-Z]+)$/.exec(text)
  const unit = match?.[2] ?? ''
  if (!match || !Object.hasOwn(SIZE_UNITS, unit)) return { kind: 'bad', expected: EXPECTED_SIZE }
  return whole(Number(match[1]) * (SIZE_UNITS[unit] ?? Number.NaN), 'a size that a computer can count')
}

function whole(value: number, expected: string): Parsed {
  const rounded = Math.round(value)
  return Number.isSafeInteger(rounded) ? { kind: 'ok', value: rounded } : { kind: 'bad', expected }
}

/** The shortest text that `parseDuration` reads back as `ms`. */
export function formatDuration(ms: number): string {
  return inLargestUnit(ms, ['d', 'h', 'm', 's', 'ms'], DURATION_UNITS_MS)
}

/** The shortest text that `parseSize` reads back as `bytes`, binary units first. */
export function formatSize(bytes: number): string {
  return inLargestUnit(bytes, ['TiB', 'GiB', 'MiB', 'KiB', 'TB', 'GB', 'MB', 'kB', 'B'], SIZE_UNITS)
}

function inLargestUnit(value: number, names: readonly string[], units: Record<string, number>): string {
  const fits = (name: string): boolean => value !== 0 && value % (units[name] ?? 1) === 0
  const name = names.find(fits) ?? names.at(-1) ?? ''
  return `${value / (units[name] ?? 1)}${name}`
}
