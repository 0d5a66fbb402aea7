/** The parts a regular expression is put together from again: what each weighs, and how often it is repeated. */

export class PatternError extends Error {}

/** The linear engine's own limit: what repeats within one another come to, multiplied. */
const MAX_REPLICATION = 16
const MAX_REPEAT = 1000

/** A part of the pattern as it is written anew. */
export interface Part {
  readonly text: string
  readonly weight: number
  /** What the repeats in it come to, multiplied. */
  readonly replication: number
  readonly hasGroup: boolean
  /** It is one thing that a repeat may follow. */
  readonly isAtom: boolean
  readonly canBeEmpty: boolean
}

export interface Repeat {
  readonly min: number
  readonly max: number
  readonly text: string
}

export function atom(text: string, weight: number): Part {
  return { text, weight, replication: 1, hasGroup: false, isAtom: true, canBeEmpty: false }
}

/** The repeat at the beginning of `rest`: `*`, `{2,3}` and the like. */
export function repeatOf(rest: string): Repeat | undefined {
  const [found, least, comma, most = ''] = /^\{(\d{1,6})(,(\d{0,6}))?\}/.exec(rest) ?? []
  if (found === undefined) {
    if (rest === '' || !'*+?'.includes(rest.charAt(0))) return undefined
    const max = rest.startsWith('?') ? 1 : Number.POSITIVE_INFINITY
    return { min: rest.startsWith('+') ? 1 : 0, max, text: rest.charAt(0) }
  }
  const min = Number(least)
  const max = comma === undefined ? min : most === '' ? Number.POSITIVE_INFINITY : Number(most)
  if (max < min) throw new PatternError(`has a repeat that is the wrong way round: ${found}`)
  if (Math.max(min, Number.isFinite(max) ? max : 0) > MAX_REPEAT) {
    throw new PatternError(`repeats more than ${MAX_REPEAT} times (${found}); repeat by * or +`)
  }
  return { min, max, text: found }
}

/** What a part weighs with a repeat behind it. */
export function repeatedWeight(part: Part, repeat: Repeat): number {
  const optional = Number.isFinite(repeat.max) ? repeat.max - repeat.min : 1
  return part.weight * Math.max(1, timesOf(repeat)) + 5 * optional
}

/** A part with a repeat behind it, written out where the engine would not take it. `lazy`: `?` or nothing. */
export function repeatedPart(part: Part, repeat: Repeat, lazy: string): Part {
  const { min, max } = repeat
  const weight = repeatedWeight(part, repeat)
  const replication = part.replication * timesOf(repeat)
  const canBeEmpty = part.canBeEmpty || min === 0
  if (replication <= MAX_REPLICATION) {
    return { ...part, text: part.text + repeat.text + lazy, weight, replication, isAtom: false, canBeEmpty }
  }
  if (part.hasGroup) {
    throw new PatternError(
      `repeats a group that captures more than ${MAX_REPLICATION} times; write (?:…) in place of (…) inside, or repeat by * or +`,
    )
  }
  const rest = max === Number.POSITIVE_INFINITY ? `${part.text}*${lazy}` : optionalText(part, max - min, lazy)
  return { ...part, text: `(?:${part.text.repeat(min)}${rest})`, weight, isAtom: false, canBeEmpty }
}

/**
 * Within one another, so that no backtracking comes of it: what fails once is not tried as the next one. A turn that finds
 * nothing does not count in JavaScript, so what can be empty has to stand in a row.
 */
function optionalText({ text, canBeEmpty }: Part, count: number, lazy: string): string {
  if (canBeEmpty) return `(?:${text})?${lazy}`.repeat(count)
  return `(?:${text}`.repeat(count) + `)?${lazy}`.repeat(count)
}

/** As the engine counts: a loop without an end is one. */
function timesOf({ min, max }: Repeat): number {
  return Math.max(min, max === Number.POSITIVE_INFINITY ? 1 : max)
}
