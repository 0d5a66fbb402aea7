/** What is wrong with an exposition, by the rules of both formats; empty when it is well formed. */
export function problemsOf(text: string, format: 'prometheus' | 'openmetrics'): string[] {
  const problems: string[] = []
  const families = new Map<string, string>()
  const series = new Set<string>()
  let family = ''
  if (!text.endsWith('\n')) problems.push('does not end with a line end')
  const lines = text.split('\n').slice(0, -1)
  if (format === 'openmetrics' && lines.pop() !== '# EOF') problems.push('does not end with # EOF')
  for (const line of lines) {
    const meta = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.+)$/s.exec(line)
    if (meta) {
      const [, kind, name = '', rest = ''] = meta
      if (kind === 'HELP') {
        if (families.has(name)) problems.push(`family twice: ${name}`)
        families.set(name, '')
        family = name
      } else if (name === family) families.set(name, rest)
      else problems.push(`TYPE without its HELP: ${line}`)
      continue
    }
    const sample = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (NaN|[+-]Inf|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/s.exec(line)
    if (!sample) {
      problems.push(`no sample: ${line}`)
      continue
    }
    const [, name = '', labels = ''] = sample
    if (!/^(?:[a-zA-Z_]\w*="(?:[^"\\]|\\[\\"n])*"(?:,|$))*$/.test(labels)) problems.push(`bad labels: ${line}`)
    if (series.has(`${name}{${labels}}`)) problems.push(`series twice: ${line}`)
    series.add(`${name}{${labels}}`)
    if (!suffixesOf(families.get(family), format).some((suffix) => name === family + suffix)) {
      problems.push(`sample of another family than ${family}: ${line}`)
    }
    const le = / ?le="([^"]*)"/.exec(labels)?.[1]
    if (format === 'openmetrics' && le !== undefined && !/^(\d+\.\d+|\+Inf)$/.test(le))
      problems.push(`le is no float: ${line}`)
  }
  return problems
}

function suffixesOf(type: string | undefined, format: 'prometheus' | 'openmetrics'): string[] {
  switch (type) {
    case 'counter':
      return [format === 'openmetrics' ? '_total' : '']
    case 'gauge':
    case 'untyped':
    case 'unknown':
      return ['']
    case 'histogram':
      return ['_bucket', '_sum', '_count']
    case 'summary':
      return ['', '_sum', '_count']
    default:
      return []
  }
}
