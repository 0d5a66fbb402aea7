import type { FamilySamples, Sample } from '../metrics/exposition.ts'

/**
 * Reads the Prometheus text format 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/) as strictly as Prometheus' own parser does:
 * lines end in \n, the last one too (a file without is still being written); times of samples are refused, since these are read again at every scrape.
 */

const TYPES = new Set(['counter', 'gauge', 'untyped', 'histogram', 'summary'])
const COMMENT = /# *\t*(HELP|TYPE)[ \t]+([a-zA-Z_:][a-zA-Z0-9_:]*)(?:[ \t]+(.*))?$/y
const NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/y
const LABEL = /[ \t]*([a-zA-Z_][a-zA-Z0-9_]*)[ \t]*=[ \t]*"((?:[^"\\\n]|\\[\\"n])*)"[ \t]*(,|(?=\}))/y
const VALUE = /^[ \t]*([^ \t]+)[ \t]*(.*)$/
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i
const INFINITE = /^([+-]?)inf(inity)?$/i

export type ParsedText =
  | { readonly kind: 'ok'; readonly families: readonly FamilySamples[]; readonly sampleCount: number }
  /** `line`: where it stops making sense, from 1. */
  | { readonly kind: 'bad'; readonly line: number; readonly reason: string }

interface Draft {
  readonly name: string
  type: string | undefined
  help: string | undefined
  readonly samples: Sample[]
}

class Refusal extends Error {}

/** The families of the text. Never throws. `maxSamples`: more of them are refused. */
export function parseTextFormat(text: string, { maxSamples }: { readonly maxSamples: number }): ParsedText {
  const drafts = new Map<string, Draft>()
  const series = new Set<string>()
  let line = 0
  try {
    for (let from = 0; from < text.length; ) {
      line++
      const end = text.indexOf('\n', from)
      if (end < 0) throw new Refusal('the last line does not end')
      readLine(text.slice(from, end), { drafts, series })
      if (series.size > maxSamples) throw new Refusal(`more than ${maxSamples} samples`)
      from = end + 1
    }
  } catch (error) {
    if (error instanceof Refusal) return { kind: 'bad', line, reason: error.message }
    throw error
  }
  const families = [...drafts.values()].filter(({ samples }) => samples.length > 0)
  return {
    kind: 'ok',
    families: families.map(({ name, type, help, samples }) => ({
      name,
      type: type ?? 'untyped',
      help: help ?? '',
      samples,
    })),
    sampleCount: series.size,
  }
}

/** The series of a sample, whatever the order of its labels; an empty label is one that is not there. */
export function seriesKey({ name, labels }: Sample): string {
  const pairs = Object.entries(labels).filter(([, value]) => value !== '')
  return JSON.stringify([name, pairs.sort(([a], [b]) => (a < b ? -1 : 1))])
}

interface Drafts {
  readonly drafts: Map<string, Draft>
  readonly series: Set<string>
}

function readLine(whole: string, { drafts, series }: Drafts): void {
  const line = whole.replace(/^[ \t]+/, '')
  if (line === '') return
  if (line.startsWith('#')) return readComment(line, drafts)
  const sample = readSample(line)
  const key = seriesKey(sample)
  if (series.has(key)) throw new Refusal(`${sample.name} is there twice with the same labels`)
  series.add(key)
  familyOf(sample, drafts).samples.push(sample)
}

/** HELP and TYPE, each once and TYPE before the samples; every other comment is only that. */
function readComment(line: string, drafts: Map<string, Draft>): void {
  COMMENT.lastIndex = 0
  const [, kind, name = '', rest = ''] = COMMENT.exec(line) ?? []
  if (kind === undefined) return
  const draft = draftOf(name, drafts)
  if (kind === 'HELP') {
    if (draft.help !== undefined) throw new Refusal(`a second HELP for ${name}`)
    if (!/^(?:[^\\]|\\[\\n])*$/.test(rest)) throw new Refusal(`the HELP for ${name} has a \\ of its own`)
    draft.help = unescaped(rest)
    return
  }
  const type = rest.trim().toLowerCase()
  if (!TYPES.has(type)) throw new Refusal(`an unknown type of ${name}`)
  if (draft.type !== undefined || draft.samples.length > 0)
    throw new Refusal(`a second TYPE for ${name}, or one after its samples`)
  draft.type = type
}

function readSample(line: string): Sample {
  NAME.lastIndex = 0
  const name = NAME.exec(line)?.[0]
  if (name === undefined) throw new Refusal('expected the name of a metric')
  const labels = new Map<string, string>()
  const afterName = skipBlanks(line, name.length)
  const hasLabels = line[afterName] === '{'
  if (!hasLabels && afterName === name.length) throw new Refusal(`expected labels or a value after ${name}`)
  const position = hasLabels ? readLabels(line, { from: afterName + 1, labels }) : afterName
  const [, number = '', rest = ''] = VALUE.exec(line.slice(position)) ?? []
  const value = parseValue(number)
  if (value === undefined) throw new Refusal(`expected a number as the value of ${name}`)
  if (/^[+-]?\d+[ \t]*$/.test(rest)) throw new Refusal(`${name} has a time, which is not taken`)
  if (rest !== '') throw new Refusal(`more after the value of ${name}`)
  return { name, labels: Object.fromEntries(labels), value }
}

/** Fills `labels`; returns where the text goes on after the brace. */
function readLabels(line: string, { from, labels }: { from: number; labels: Map<string, string> }): number {
  for (let position = from; ; ) {
    const blank = skipBlanks(line, position)
    if (line[blank] === '}') return blank + 1
    LABEL.lastIndex = position
    const [all = '', label = '', value = ''] = LABEL.exec(line) ?? []
    if (all === '') throw new Refusal('labels that cannot be read')
    if (label === '__name__' || labels.has(label)) throw new Refusal(`the label ${label} is reserved, or there twice`)
    labels.set(label, unescaped(value))
    position += all.length
  }
}

function skipBlanks(line: string, from: number): number {
  let position = from
  while (line[position] === ' ' || line[position] === '\t') position++
  return position
}

/** As Go's ParseFloat reads it, without the spellings of numbers that only programs in Go have. */
function parseValue(text: string): number | undefined {
  if (NUMBER.test(text)) return Number(text)
  if (/^[+-]?nan$/i.test(text)) return Number.NaN
  const sign = INFINITE.exec(text)?.[1]
  if (sign !== undefined) return sign === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  return undefined
}

const unescaped = (text: string): string =>
  text.replace(/\\([\\"n])/g, (_, character: string) => (character === 'n' ? '\n' : character))

/** Samples of a histogram or summary bear its name with an ending. */
function familyOf({ name, labels }: Sample, drafts: Map<string, Draft>): Draft {
  const [, base, ending] = /^(.+)_(bucket|sum|count)$/.exec(name) ?? []
  const parent = base === undefined ? undefined : drafts.get(base)
  if (parent?.type === 'histogram') {
    if (ending === 'bucket' && parseValue(String(labels.le ?? '')) === undefined)
      throw new Refusal(`${name} without le`)
    return parent
  }
  if (parent?.type === 'summary' && ending !== 'bucket') return parent
  const draft = draftOf(name, drafts)
  if (draft.type === 'histogram') throw new Refusal(`${name} is a histogram and has a value`)
  if (draft.type === 'summary' && parseValue(String(labels.quantile ?? '')) === undefined) {
    throw new Refusal(`${name} without quantile`)
  }
  return draft
}

function draftOf(name: string, drafts: Map<string, Draft>): Draft {
  const known = drafts.get(name)
  if (known) return known
  const draft: Draft = { name, type: undefined, help: undefined, samples: [] }
  drafts.set(name, draft)
  return draft
}
