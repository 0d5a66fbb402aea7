/** Lines of a PostgreSQL server's log, told apart by their severity (log_line_prefix may be anything, but has a digit first). */

/** How far the prefix may reach. */
const MAX_PREFIX_BYTES = 256

/** Severities of lines that explain the line before. */
const DETAILS: readonly Buffer[] = ['DETAIL', 'HINT', 'CONTEXT', 'STATEMENT', 'QUERY', 'LOCATION'].map((word) =>
  Buffer.from(`${word}:  `),
)

/** The line begins with a time, or in brackets: it has a prefix. */
export function mayBeginRecord(view: DataView, start: number, end: number): boolean {
  if (start >= end) return false
  const first = view.getUint8(start)
  return (first >= 0x30 && first <= 0x39) || first === 0x5b || first === 0x3c
}

/** `2024-01-15 08:00:00.123 UTC [12] STATEMENT:  select …`. */
export function isPostgresDetail(view: DataView, start: number, end: number): boolean {
  const limit = Math.min(end, start + MAX_PREFIX_BYTES)
  // The first `WORD:  ` in capitals is the severity.
  for (let at = start; at + 3 < limit; at++) {
    if (view.getUint8(at) !== 0x3a || view.getUint8(at + 1) !== 0x20 || view.getUint8(at + 2) !== 0x20) continue
    return DETAILS.some((word) => endsWith(view, start, { end: at + 3, word }))
  }
  return false
}

function endsWith(view: DataView, start: number, { end, word }: { end: number; word: Buffer }): boolean {
  const from = end - word.length
  if (from < start) return false
  for (let i = 0; i < word.length; i++) if (view.getUint8(from + i) !== word[i]) return false
  return true
}
