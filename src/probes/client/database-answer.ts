import { oneLine, Refusal } from './failure-text.ts'

/** Of the first column of the first row, as text. @throws {Refusal} when it is not what it should be. */
export function checkExpected(found: string | null | undefined, expected: string | undefined): void {
  if (expected === undefined || found === expected) return
  const shown = found === undefined ? 'no row' : found === null ? 'NULL' : oneLine(found.slice(0, 100))
  throw new Refusal(`the query gave ${shown}, expected ${expected.slice(0, 100)}`)
}
