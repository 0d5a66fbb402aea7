import path from 'node:path'
import picomatch from 'picomatch'

/**
 * Globs, and the only door to picomatch. `*`, `?`, `[a-z]`, `[!a-z]`, `{a,b}` and `**` (any depth, also none) mean
 * something; a backslash takes the meaning away; every other character is itself, so `app (1).log` needs no care.
 * `*`, `?` and `**` do not match a leading dot.
 */

export interface GlobRoot {
  /** Absolute when the glob is. */
  readonly dir: string
  /** Whether files below the folders of `dir` can match too. */
  readonly isDeep: boolean
}

export interface Globs {
  /** Whether an include matches and no exclude does. */
  matches(file: string): boolean
  /** The fixed folders in front of the first glob character; each folder once. */
  readonly roots: readonly GlobRoot[]
}

/**
 * Most `*` in one name of a glob, and most `**` in all of it. Each multiplies what a hostile file name can cost: three
 * cost 30 ms on a name of 255 characters, five cost 100 s (measured).
 */
const MAX_STARS_IN_NAME = 3
const MAX_GLOBSTARS = 2
const MAX_GLOB_LENGTH = 4096
const MEANING = /[*?[\]{}\\]/
/** One class of characters: `[a-z]`, `[!x]`, `[[:digit:]]`, `[]x]`. */
const CLASS = '\\[[!^]?\\]?(?:\\[:[a-z]+:\\]|[^\\]])*\\]'

/** @throws {Error} when `globProblem` finds one in any of them. */
export function compileGlobs(include: readonly string[], exclude: readonly string[]): Globs {
  const isIncluded = matcher(include)
  const isExcluded = matcher(exclude)
  return { matches: (file) => isIncluded(file) && !isExcluded(file), roots: rootsOf(include) }
}

/** What is wrong with `glob`, or nothing. */
export function globProblem(glob: string): string | undefined {
  if (glob === '') return 'expected a path or a glob, got nothing'
  if (glob.length > MAX_GLOB_LENGTH) return `expected at most ${MAX_GLOB_LENGTH} characters`
  if (glob.includes('\0')) return 'expected a path without NUL characters'
  if (!MEANING.test(glob)) return undefined
  const unclosed = unclosedBracket(glob)
  if (unclosed)
    return `expected ${unclosed === '[' ? ']' : '}'} after ${unclosed}; a backslash before it makes it plain`
  if (/\{[^}]*\.\./.test(activeOf(glob))) return 'expected {a,b}; ranges such as {1..9} are not understood, [1-9] is'
  const names = glob.split('/').map((name) => name.replaceAll(/\\.|\*{2,}/gs, (found) => (found[0] === '*' ? '*' : '')))
  if (names.some((name) => name.split('*').length - 1 > MAX_STARS_IN_NAME)) {
    return `expected at most ${MAX_STARS_IN_NAME} of * in one name; ? and [0-9] are not limited`
  }
  if (glob.split('**').length - 1 > MAX_GLOBSTARS) return `expected at most ${MAX_GLOBSTARS} of **`
  try {
    compile(glob)
    return undefined
  } catch {
    return 'expected a glob such as /var/log/app/*.log'
  }
}

/** `text` as a glob that matches only itself. */
export function escapeGlob(text: string): string {
  return text.replace(/[*?[\]{}\\]/g, '\\$&')
}

function matcher(globs: readonly string[]): (file: string) => boolean {
  const plain = new Set<string>()
  const tests: ((file: string) => boolean)[] = []
  for (const glob of globs) {
    const problem = globProblem(glob)
    if (problem) throw new Error(`Cannot use the glob: ${problem}, got ${glob}`)
    if (MEANING.test(glob)) tests.push(compile(glob))
    else plain.add(glob)
  }
  return (file) => plain.has(file) || tests.some((test) => test(file))
}

function compile(glob: string): (file: string) => boolean {
  // `debug`: an impossible class such as [z-a] throws, instead of quietly matching nothing.
  const options = { dot: false, nonegate: true, noextglob: true, posix: true, debug: true, strictSlashes: true }
  const regex = picomatch.makeRe(guard(glob), options)
  return (file) => regex.test(file)
}

/**
 * Puts a backslash before each character that means something to picomatch but nothing here, `( ) ! + @ | " $ ^`, and
 * spells "none of these" its way, never matching the separator.
 */
function guard(glob: string): string {
  return glob.replace(new RegExp(`\\\\.|${CLASS}|[()!+@|"$^]`, 'gs'), (found) => {
    // A class of one: picomatch loses count of backslashes in a row.
    if (found === '\\\\') return '[\\\\]'
    if (found.length === 1) return `\\${found}`
    return /^\[[!^]/.test(found) ? `[^/${found.slice(2)}` : found
  })
}

/** Without the characters that a backslash or a class makes plain. */
function activeOf(glob: string): string {
  return glob.replace(new RegExp(`\\\\.|${CLASS}`, 'gs'), '')
}

function unclosedBracket(glob: string): '[' | '{' | undefined {
  const rest = activeOf(glob)
  if (rest.includes('[')) return '['
  let depth = 0
  for (const character of rest) {
    if (character === '{') depth += 1
    if (character === '}' && depth > 0) depth -= 1
  }
  return depth > 0 ? '{' : undefined
}

function rootsOf(globs: readonly string[]): GlobRoot[] {
  const isDeepByDir = new Map<string, boolean>()
  for (const glob of globs) {
    const { dir, isDeep } = rootOf(glob)
    isDeepByDir.set(dir, isDeep || (isDeepByDir.get(dir) ?? false))
  }
  return [...isDeepByDir].map(([dir, isDeep]) => ({ dir, isDeep }))
}

function rootOf(glob: string): GlobRoot {
  const names = glob.split('/')
  // The last name is never part of the folder, be it fixed or not.
  const firstActive = names.findIndex((name) => /[*?[\]{}]/.test(name.replace(/\\./gs, '')))
  const fixed = names.slice(0, firstActive === -1 ? -1 : firstActive)
  const dir = fixed.join('/').replace(/\\(.)/gs, '$1')
  return {
    dir: path.normalize(dir === '' ? (glob.startsWith('/') ? '/' : '.') : dir),
    isDeep: firstActive !== -1 && firstActive < names.length - 1,
  }
}
