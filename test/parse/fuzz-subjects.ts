import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expandGrok } from '../../src/config/grok.ts'
import { createPatternParser } from '../../src/parse/formats/pattern.ts'
import { RECORD_FORMATS } from '../../src/parse/formats.ts'
import type { FormatParser, LineContext } from '../../src/parse/line.ts'
import { recordsOf } from './goldens.ts'
import { context } from './harness.ts'

const FIXTURES = join(import.meta.dirname, '../fixtures/parse')
const OWN =
  '^(?<timestamp>\\S+ \\S+) \\| (?<level>\\w+) +\\| (?<logger>[^|]+) \\| (?:(?<order>\\d+)|-) \\| took=(?<duration>[\\d.]+) \\| (?<message>.*)$'

/** One format, and what its fixtures say. */
export interface Subject {
  readonly name: string
  readonly create: () => FormatParser
  readonly files: readonly { readonly name: string; readonly records: readonly Buffer[] }[]
  readonly records: readonly Buffer[]
}

export function subjects(): Subject[] {
  const formats = Object.entries(RECORD_FORMATS).map(([name, create]) => subject(name, create))
  return [...formats, subject('pattern/own', own), subject('pattern/grok', grok)]
}

function subject(name: string, create: (context: LineContext) => FormatParser): Subject {
  const files = globSync(join(FIXTURES, name, '*.log')).map((path) => ({
    name: basename(path),
    records: recordsOf(readFileSync(path), create(context)).map(({ bytes }) => bytes),
  }))
  return { name, create: () => create(context), files, records: files.flatMap(({ records }) => records) }
}

function own(context: LineContext): FormatParser {
  return createPatternParser(
    { kind: 'pattern', pattern: OWN, keys: { order: 'order.id' }, numbers: ['order'] },
    context,
  )
}

function grok(context: LineContext): FormatParser {
  const expanded = expandGrok('^%{COMBINEDAPACHELOG}$', {})
  if (expanded.kind === 'bad') throw new Error(expanded.message)
  const { pattern, keys, numbers } = expanded
  return createPatternParser({ kind: 'pattern', pattern, keys, numbers }, context)
}
