import { rename, rm } from 'node:fs/promises'
import { codeOf } from '../errors.ts'

/** `name` becomes `name.1`, `name.1` becomes `name.2` …, as logrotate does; the oldest of `keepCount` goes, and with 0 `name` itself. */
export async function rotate(path: string, keepCount: number): Promise<void> {
  const nameOf = (number: number): string => (number === 0 ? path : `${path}.${number}`)
  if (keepCount === 0) return rm(path, { force: true })
  for (let number = keepCount - 1; number >= 0; number--) {
    await rename(nameOf(number), nameOf(number + 1)).catch((error: unknown) => {
      // Not that many yet, or an operator took one away.
      if (codeOf(error) !== 'ENOENT') throw error
    })
  }
}

const DAY_MS = 86_400_000

/** Days of UTC since 1970. */
export function utcDay(wallMs: number): number {
  return Math.floor(wallMs / DAY_MS)
}
