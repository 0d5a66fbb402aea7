/** What `timezone` and `time_format` may say. */

/** `zone`: local, UTC or a name of the IANA database. */
export function timeZoneProblem(zone: string): string | undefined {
  if (zone === 'local') return undefined
  const expected = 'expected local, UTC or an IANA name such as Europe/Berlin'
  // Intl would take offsets, too; they hide summer time, and few mean that.
  if (/^[+-]/.test(zone)) return `${expected}; an offset does not know summer time`
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return undefined
  } catch {
    return expected
  }
}

/** Directives of strftime that the timestamp reader knows, those that stand for others among them. */
const DIRECTIVES = 'YymdHMSfLNbBejpIzZsTDFaA%'
const DIRECTIVE = /%(?:[-_0^]|\d(?=[fLN]))?(.)?/gsu

/** `parse/time-layout.ts` compiles what is let through here, and knows a few more rules. */
export function timeFormatProblem(layout: string): string | undefined {
  const letters = [...layout.matchAll(DIRECTIVE)].map(([, letter]) => letter)
  if (letters.includes(undefined)) return 'ends with a single %; write %% for one'
  const unknown = letters.find((letter) => !DIRECTIVES.includes(letter ?? ''))
  if (unknown !== undefined) return `has %${unknown}, which is not known; known are %${[...DIRECTIVES].join(' %')}`
  const has = (some: string): boolean => letters.some((letter) => some.includes(letter ?? ' '))
  if (has('s')) return undefined
  if (has('I') !== has('p'))
    return has('I') ? 'has %I without %p, so morning and evening are the same' : 'has %p without %I'
  if (!has('HIT') && !has('dejDF')) return 'says neither a day nor an hour: expected a layout such as %d/%m/%Y %H:%M:%S'
  if (has('YymbB') && !has('dejDF')) return 'has no day (%d, %e or %j)'
  if (has('de') && !has('mbBDF')) return 'has a day without a month (%m, %b or %B)'
  return undefined
}
