import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/**
 * Why a test cannot run here, for tap's `skip`: the programs it needs that are not installed, or that it needs root.
 * In CI nothing is ever missing: there the test runs, and fails if something is.
 */
export function missing(...needs: string[]): string | false {
  if (process.env.CI) return false
  const lacking = needs.filter((need) => (need === 'root' ? process.getuid?.() !== 0 : !isInstalled(need)))
  return lacking.length > 0 && `needs ${lacking.join(', ')}`
}

function isInstalled(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
