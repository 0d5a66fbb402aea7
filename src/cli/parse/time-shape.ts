/** How times are written, by what they look like: for the summary, where an operator sees which zone or layout to set. */
const MONTH = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)'

/** The first that occurs in a record is its shape; those that others contain come later. */
const SHAPES: readonly (readonly [name: string, shape: RegExp])[] = [
  ['RFC 3339 with zone', /\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z| ?[+-]\d\d:?\d\d| [A-Z]{3,4}\b)/],
  ['RFC 3339 without zone', /\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d/],
  ['common log format', new RegExp(`\\d\\d/${MONTH}/\\d{4}:\\d\\d:\\d\\d:\\d\\d [+-]\\d{4}`)],
  ['year/month/day', /\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d/],
  ['asctime', new RegExp(`\\w{3} ${MONTH} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d(?:\\.\\d+)? \\d{4}`)],
  ['day month year', new RegExp(`\\d\\d?[ -/]${MONTH}[ -/]\\d{4}`)],
  ['syslog, no year', new RegExp(`${MONTH} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d`)],
  ['klog, no year', /^[DIWEF]\d{4} \d\d:\d\d:\d\d\.\d+/],
  ['epoch nanoseconds', /\b1\d{18}\b/],
  ['epoch microseconds', /\b1\d{15}\b/],
  ['epoch milliseconds', /\b1\d{12}\b/],
  ['epoch seconds', /\b1\d{9}(?:\.\d+)?\b/],
  ['other date', /\d\d[-/.]\d\d[-/. ]+\d\d:\d\d/],
]

/** Bytes of a record in which its time is looked for. */
const LOOKED_AT = 2048

export function timeShapeOf(record: string): string {
  const text = record.slice(0, LOOKED_AT)
  return SHAPES.find(([, shape]) => shape.test(text))?.[0] ?? 'none'
}
