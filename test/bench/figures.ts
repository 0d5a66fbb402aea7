/** NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const upper = sorted[Math.floor(middle)] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2
}

/** `median (least–most)`, or one figure when they are the same; a dash when there is none. */
export function spread(values: readonly (number | undefined)[], digits: number): string {
  const known = values.filter((value): value is number => value !== undefined && Number.isFinite(value))
  if (known.length === 0) return '–'
  const format = new Intl.NumberFormat('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
  const middle = format.format(median(known))
  const [least, most] = [format.format(Math.min(...known)), format.format(Math.max(...known))]
  return least === most ? middle : `${middle} (${least}–${most})`
}

interface Round {
  readonly job: string
  readonly peer: string
  readonly round: number
}

/** A figure of one peer by that of another, for each round of a job that has both: rounds share what disturbs them. */
export function ratios<R extends Round>(
  results: readonly R[],
  figure: (result: R) => number | undefined,
  { of, to }: { of: string; to: string },
): (number | undefined)[] {
  return results
    .filter(({ peer }) => peer === of)
    .map((ours) => {
      const theirs = results.find((r) => r.peer === to && r.job === ours.job && r.round === ours.round)
      const [above, below] = [figure(ours), theirs && figure(theirs)]
      return above === undefined || below === undefined ? undefined : above / below
    })
}
