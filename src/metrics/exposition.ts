/**
 * The two text formats of /metrics: Prometheus 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/) and
 * OpenMetrics 1.0.0 (https://prometheus.io/docs/specs/om/open_metrics_spec/). prom-client 15 can write both, but one
 * scrape as OpenMetrics takes `_total` off the counters of the registry for good, and NaN comes out as `Nan`.
 */

export type ExpositionFormat = 'prometheus' | 'openmetrics'

export interface Sample {
  /** The family's name, or it with `_bucket`, `_sum` or `_count`. */
  readonly name: string
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
}

export interface FamilySamples {
  readonly name: string
  readonly type: string
  readonly help: string
  readonly samples: readonly Sample[]
}

export const CONTENT_TYPES: Record<ExpositionFormat, string> = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
}

export function renderMetrics(families: readonly FamilySamples[], format: ExpositionFormat): string {
  const isOpenMetrics = format === 'openmetrics'
  const lines: string[] = []
  for (const { name, type, help, samples } of families) {
    const family = isOpenMetrics && type === 'counter' ? name.replace(/_total$/, '') : name
    lines.push(
      `# HELP ${family} ${isOpenMetrics ? quoted(help) : escaped(help)}`,
      `# TYPE ${family} ${isOpenMetrics && type === 'untyped' ? 'unknown' : type}`,
    )
    for (const sample of samples) lines.push(sampleLine(sample, isOpenMetrics))
  }
  if (isOpenMetrics) lines.push('# EOF')
  return `${lines.join('\n')}\n`
}

function sampleLine({ name, labels, value }: Sample, isOpenMetrics: boolean): string {
  const pairs: string[] = []
  for (const [label, content] of Object.entries(labels)) {
    // OpenMetrics wants the numbers in `le` and `quantile` as floats: `1.0`, so that "1" and "1.0" are not two series.
    const isWhole = isOpenMetrics && typeof content === 'number' && Number.isInteger(content)
    pairs.push(`${label}="${isWhole ? content.toFixed(1) : quoted(String(content))}"`)
  }
  return `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${numberText(value)}`
}

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  if (value === Number.NEGATIVE_INFINITY) return '-Inf'
  return String(value)
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
}

function quoted(text: string): string {
  return escaped(text).replaceAll('"', '\\"')
}

/** What an Accept header asks for. Prometheus lists OpenMetrics first; a browser, curl or nothing at all gets the plain format. */
export function acceptedFormat(accept: string | undefined): ExpositionFormat {
  let openMetrics = 0
  let plain = 0
  for (const range of (accept ?? '').split(',', 32)) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
    const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2)
    const quality = weight === undefined ? 1 : Number(weight) || 0
    if (type === 'application/openmetrics-text') openMetrics = Math.max(openMetrics, quality)
    if (type === 'text/plain') plain = Math.max(plain, quality)
  }
  return openMetrics > 0 && openMetrics >= plain ? 'openmetrics' : 'prometheus'
}
