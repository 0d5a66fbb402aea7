/** A server may not silence us for longer. */
const LONGEST_MS = 10 * 60_000

/** The three forms of RFC 9110, 5.6.7: IMF-fixdate, RFC 850, asctime. Date.parse alone takes far more for a date ("1", "-5", "Monday 3"). */
const HTTP_DATES = [
  /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/,
  /^[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/,
  /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/,
]

/**
 * Retry-After in ms from now (RFC 9110, 10.2.3), at most 10 minutes; undefined when it is absent, past or not understood. A date is measured against
 * the server's own `date`, so that a wrong clock on either side does not matter; against `nowMs` (wall time) when there is none.
 */
export function retryAfterMs(
  value: string | undefined,
  { date, nowMs }: { date: string | undefined; nowMs: number },
): number | undefined {
  const text = value?.trim() ?? ''
  const untilMs = /^\d+$/.test(text) ? Number(text) * 1000 : httpDateMs(text) - sentMs(date, nowMs)
  return untilMs > 0 ? Math.min(untilMs, LONGEST_MS) : undefined
}

function sentMs(date: string | undefined, nowMs: number): number {
  const ms = httpDateMs(date?.trim() ?? '')
  return Number.isNaN(ms) ? nowMs : ms
}

/** Milliseconds since 1970, or NaN. */
function httpDateMs(text: string): number {
  if (!HTTP_DATES.some((form) => form.test(text))) return Number.NaN
  return Date.parse(text.endsWith('GMT') ? text : `${text} GMT`)
}
