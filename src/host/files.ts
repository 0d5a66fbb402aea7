import { readFileSync } from 'node:fs'
import { codeOf, messageOf } from '../errors.ts'
import { FamilySet } from '../metrics/family-set.ts'
import { type HostCollector, NoData } from './collector.ts'

/**
 * Reading of /proc and /sys. All of it is synchronous: the kernel makes these files when they are read and never waits for a
 * disk, and a read costs about 10 µs, less than a promise and a hop through the thread pool do.
 */

/** What the kernel says when it does not have a value, though it has the file: `speed` of a link that is down, PSI that is switched off. */
const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'EINVAL', 'ENODEV', 'ENXIO', 'EOPNOTSUPP', 'ENOTSUP'])

/** @throws {NoData} when this host has no such file. */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (ABSENT.has(codeOf(error))) throw new NoData(`${path} is not there`)
    throw new Error(`Cannot read ${path}: ${messageOf(error)}`, { cause: error })
  }
}

/** As `readText`; undefined when there is no such file, or it may not be read. For what a collector can do without. */
export function readOptional(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

/** The lines of a file that are whole. What stands behind the last line break was cut off, and half a number is a wrong number. */
export function wholeLines(text: string): string[] {
  const lines = text.split('\n')
  lines.pop()
  return lines
}

export const readLines = (path: string): string[] => wholeLines(readText(path))

/** The words of a line: what stands between blanks and tabs, of which there may be many. */
export function wordsOf(line: string): string[] {
  const words: string[] = []
  let start = -1
  for (let i = 0; i < line.length; i++) {
    const code = line.charCodeAt(i)
    if (code === 0x20 || code === 0x09) {
      if (start >= 0) words.push(line.slice(start, i))
      start = -1
    } else if (start < 0) start = i
  }
  if (start >= 0) words.push(line.slice(start))
  return words
}

/**
 * A number as the kernel writes it: decimal, or hexadecimal with `0x`; undefined when it is none. Counters beyond 2^53 lose
 * their last digits, as they do in every Prometheus sample.
 */
export function numberOf(word: string | undefined): number | undefined {
  if (word === undefined) return undefined
  const first = word.charCodeAt(0) === 0x2d ? word.charCodeAt(1) : word.charCodeAt(0)
  if (!(first >= 0x30 && first <= 0x39)) return undefined
  const value = Number(word)
  return Number.isFinite(value) ? value : undefined
}

/** A number written hexadecimal without `0x`. */
export const hexOf = (word: string | undefined): number | undefined => numberOf(word && `0x${word}`)

/** The number that is all of a file: `/proc/sys/fs/…`, the attributes of sysfs. */
export const readNumber = (path: string): number | undefined => numberOf(readOptional(path)?.trim())

/** A collector that only reads files. When they are there and say nothing that is understood, that is a failure. */
export function fileCollector(name: string, fill: (set: FamilySet) => void): HostCollector {
  return {
    name,
    collect: () => {
      const set = new FamilySet()
      fill(set)
      const families = set.families()
      if (families.length === 0) throw new Error(`Cannot sample ${name}: its files say nothing that is understood`)
      return families
    },
  }
}
