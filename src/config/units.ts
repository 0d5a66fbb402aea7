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

export type Parsed = { kind: 'ok'; value: number } | { kind: 'bad'; expected: string }

/** `250ms`, `30s`, `5m`, `1h30m`, `7d` → milliseconds. A bare number is refused: its unit would be a guess. */
export function parseDuration(text: string): Parsed {
  const expected = 'a duration with its unit, such as 250ms, 30s, 5m, 1h30m or 7d'
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d|w))+$/.test(text)) return { kind: 'bad', expected }
  let ms = 0
  for (const [, amount, , unit] of text.matchAll(/(\d+(\.\d+)?)(ms|s|m|h|d|w)/g)) {
    ms += Number(amount) * (DURATION_UNITS_MS[unit ?? ''] ?? Number.NaN)
  }
  return { kind: 'ok', value: Math.round(ms) }
}

/** `10MB` (decimal), `10MiB` (binary), `512B` → bytes. `10M` is refused: it means either. */
export function parseSize(text: string): Parsed {
  const expected = 'a size with its unit, such as 10MB (decimal) or 10MiB (binary)'
  const match = /^(\d+(?:\.\d+)?) ?([a-zA-Z]+)$/.exec(text)
  const unit = SIZE_UNITS[match?.[2] ?? '']
  if (!match || unit === undefined) return { kind: 'bad', expected }
  return { kind: 'ok', value: Math.round(Number(match[1]) * unit) }
}
