/** Whole numbers below `below`, the same for the same SEED (1 unless it is set): xorshift32. */
export function seededRandom(): { readonly seed: number; readonly random: (below: number) => number } {
  const seed = Number(process.env.SEED ?? 1)
  let state = (seed ^ 0x9e3779b9) >>> 0 || 1
  const random = (below: number): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return state % below
  }
  return { seed, random }
}
