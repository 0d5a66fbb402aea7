import { printable } from './printable.ts'
import type { RecordReport } from './record-run.ts'
import { timeShapeOf } from './time-shape.ts'

/** Examples shown of records that did not fit. */
const EXAMPLES = 5
const EXAMPLE_LENGTH = 160

/** What `obs-agent parse --summary` says of all records. */
export class Summary {
  #records = 0
  #lines = 0
  #misfits = 0
  #plain = 0
  #timeFallbacks = 0
  readonly #parsers = new Map<string, number>()
  readonly #times = new Map<string, number>()
  readonly #levels = new Map<string, number>()
  readonly #dropped = new Map<string, number>()
  readonly #redacted = new Map<string, number>()
  readonly #examples: { line: string; reason: string }[] = []

  add({ entry, parser, lines, dropped_by, redacted }: RecordReport): void {
    this.#records++
    this.#lines += lines.length
    count(this.#parsers, parser)
    count(this.#levels, String(entry.level))
    const [first = ''] = lines
    count(this.#times, timeShapeOf(lines.join('\n')))
    const metadata = isObject(entry.metadata) ? entry.metadata : {}
    if ('timestamp_raw' in metadata) this.#timeFallbacks++
    if ('parse_error' in metadata) {
      this.#misfits++
      this.#example(first, String(metadata.parse_error))
    } else if (parser.endsWith('plain')) {
      this.#plain++
      this.#example(first, 'no format fits: plain text')
    }
    if (dropped_by !== undefined) count(this.#dropped, dropped_by)
    for (const [name, hits] of Object.entries(redacted ?? {})) count(this.#redacted, name, hits)
  }

  /** The figures, as one object. */
  toJSON(): Record<string, unknown> {
    const parsed = this.#records - this.#misfits - this.#plain
    return {
      records: this.#records,
      lines: this.#lines,
      parsed,
      parsed_ratio: this.#records === 0 ? 0 : parsed / this.#records,
      plain: this.#plain,
      parse_errors: this.#misfits,
      timestamp_fallbacks: this.#timeFallbacks,
      parsers: Object.fromEntries(byCount(this.#parsers)),
      levels: Object.fromEntries(byCount(this.#levels)),
      time_formats: Object.fromEntries(byCount(this.#times)),
      dropped: Object.fromEntries(byCount(this.#dropped)),
      redacted: Object.fromEntries(byCount(this.#redacted)),
      examples: this.#examples,
    }
  }

  toString(): string {
    const percent = this.#records === 0 ? 0 : ((this.#records - this.#misfits - this.#plain) / this.#records) * 100
    const parts = [
      `${this.#records} records of ${this.#lines} lines, ${percent.toFixed(1)} % parsed; ${this.#plain} plain text, ${this.#misfits} did not fit`,
      table('parsers', this.#parsers),
      table('levels', this.#levels),
      table('time formats seen', this.#times),
      table('dropped by', this.#dropped),
      table('redacted', this.#redacted),
      this.#timeFallbacks > 0 ? `${this.#timeFallbacks} times could not be used; see metadata.timestamp_raw` : '',
      this.#examples.length > 0
        ? `not parsed, for example:\n${this.#examples.map(({ line, reason }) => `  ${line}\n    ${reason}`).join('\n')}`
        : '',
    ]
    return `${parts.filter((part) => part !== '').join('\n\n')}\n`
  }

  #example(line: string, reason: string): void {
    if (this.#examples.length < EXAMPLES)
      this.#examples.push({ line: printable(line).slice(0, EXAMPLE_LENGTH), reason })
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function count(counts: Map<string, number>, name: string, by = 1): void {
  counts.set(name, (counts.get(name) ?? 0) + by)
}

function byCount(counts: ReadonlyMap<string, number>): [string, number][] {
  return [...counts].sort(([, a], [, b]) => b - a)
}

function table(title: string, counts: ReadonlyMap<string, number>): string {
  if (counts.size === 0) return ''
  return `${title}:\n${byCount(counts)
    .map(([name, number]) => `  ${String(number).padStart(8)}  ${name}`)
    .join('\n')}`
}
