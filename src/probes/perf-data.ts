import { plainText } from './words.ts'

/** One number of a check: `label=value[UOM];warn;crit;min;max` (https://nagios-plugins.org/doc/guidelines.html#AEN197). */
export interface PerfValue {
  readonly label: string
  /** As the check writes it: s, ms, %, B, KB, c (a counter), or nothing. */
  readonly unit: string
  readonly value: number
}

/** Each is a series: more are not taken. */
const MAX_VALUES = 50
const MAX_LABEL_CHARS = 64

/** After a blank or at the beginning. A label in quotes may hold blanks, =, and quotes that are doubled. */
const VALUE =
  /(?<=^|\s)(?:'((?:[^']|'')+)'|([^\s'=]+))=([-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d{1,3})?)([^\s;\d.]*)(?:;\S*)?(?=\s|$)/g

/** A line of output as its two parts: what is for people, and the numbers after the first `|`. What is not a number is left out. */
export function splitOutput(line: string): { readonly message: string; readonly values: readonly PerfValue[] } {
  const bar = line.indexOf('|')
  if (bar < 0) return { message: line.trim(), values: [] }
  return { message: line.slice(0, bar).trim(), values: parsePerfData(line.slice(bar + 1)) }
}

/** Each label and unit once, as a series is: the first counts. */
export function parsePerfData(text: string): readonly PerfValue[] {
  const values = new Map<string, PerfValue>()
  for (const [, quoted, bare, number, uom = ''] of text.matchAll(VALUE)) {
    if (values.size === MAX_VALUES) break
    const label = plainText((quoted?.replaceAll("''", "'") ?? bare ?? '').trim(), MAX_LABEL_CHARS)
    const unit = plainText(uom, 16)
    const key = `${label}\0${unit}`
    if (!values.has(key)) values.set(key, { label, unit, value: Number(number) })
  }
  return [...values.values()]
}
