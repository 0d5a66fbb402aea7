/** What may stand after `(?`. */
import { escaped } from './pattern-chars.ts'
import { PatternError } from './pattern-parts.ts'

export interface Modes {
  readonly ignoreCase: boolean
  readonly dotAll: boolean
}

export function modesWith(modes: Modes, on: string, off: string): Modes {
  const unknown = [...on, ...off].find((mode) => mode !== 'i' && mode !== 's')
  if (unknown !== undefined)
    throw new PatternError(`has the mode ${unknown} in (?${on}${off && `-${off}`}); only i and s are known`)
  return {
    ignoreCase: (modes.ignoreCase || on.includes('i')) && !off.includes('i'),
    dotAll: (modes.dotAll || on.includes('s')) && !off.includes('s'),
  }
}

/** Why a group that begins with `(?` cannot be matched in linear time. */
export function refusedGroup(rest: string): string {
  if (rest.startsWith('(?='))
    return 'has a lookahead (?=…), which may take for ever; match the text itself, and capture what is before it'
  if (rest.startsWith('(?!'))
    return 'has a negative lookahead (?!…), which may take for ever; exclude characters by [^…], or lines by a drop_if step'
  if (rest.startsWith('(?<='))
    return 'has a lookbehind (?<=…), which may take for ever; match the text itself, and capture what is after it'
  if (rest.startsWith('(?<!'))
    return 'has a negative lookbehind (?<!…), which may take for ever; match what may stand there by (?:^|[^…])'
  if (rest.startsWith('(?>')) return 'has an atomic group (?>…), which is not known here; write (?:…)'
  if (rest.startsWith('(?P='))
    return 'has a backreference (?P=…), which may take for ever; match the text again by its own pattern'
  if (rest.startsWith('(?#')) return 'has a comment (?#…); leave it out'
  if (rest.startsWith('(?(')) return 'has a condition (?(…)…), which is not known here; write the cases as (?:…|…)'
  if (/^\(\?(R|&|\d|P>)/.test(rest)) return 'has a recursion, which is not known here'
  if (/^\(\?P?<|^\(\?'/.test(rest)) return 'has a named group that is written wrong; expected (?<name>…)'
  return `has a group that is not known: ${escaped(rest.slice(0, 4))}`
}
