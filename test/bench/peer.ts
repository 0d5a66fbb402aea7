import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Format } from './corpus.ts'

/** Where a peer works, and what on. */
export interface Place {
  /** An empty folder; everything the peer writes stays in it. */
  readonly state: string
  /** The file to tail from its beginning. */
  readonly input: string
  readonly format: Format
  /** Where batches of records are POSTed; any path below it will do. */
  readonly sinkUrl: string
  readonly sinkPort: number
}

/**
 * A log shipper, set up for the work that all of them do: tail a file, take each line apart, keep it on disk, POST batches
 * of JSON records.
 */
export interface Peer {
  readonly name: string
  /** Version and setup, for the head of the report. */
  readonly about: string
  readonly isAgent: boolean
  /** Text by file name, written into `place.state` before the first start. */
  configFiles(place: Place): Readonly<Record<string, string>>
  /** Stays in the foreground, ends on SIGTERM, and goes on where it was when started again. */
  command(place: Place): { readonly argv: readonly string[]; readonly env?: Readonly<Record<string, string>> }
}

/** A peer that is not installed, or not whole. */
export interface MissingPeer {
  readonly name: string
  readonly missing: string
}

export type Environment = Readonly<Record<string, string | undefined>>

/** Where daemons live that the PATH of a user may not name. */
const MORE_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/opt/fluent-bit/bin']

/** The path of a program in PATH or where daemons live. */
export function programInPath(name: string, env: Environment): string | undefined {
  const folders = [...(env.PATH ?? '').split(delimiter).filter(Boolean), ...MORE_FOLDERS]
  return folders.map((folder) => join(folder, name)).find(isExecutable)
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** What `pattern` finds in what the program prints of itself. */
export function printedBy(argv: readonly string[], pattern: RegExp, env: Environment = {}): string | undefined {
  const [program = '', ...args] = argv
  const { stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', env: { ...process.env, ...env } })
  return pattern.exec(`${stdout}${stderr}`)?.[1]
}
