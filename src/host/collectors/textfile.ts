import { constants } from 'node:fs'
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../../errors.ts'
import type { FamilySamples } from '../../metrics/exposition.ts'
import { FamilySet, mergeFamilies } from '../../metrics/family-set.ts'
import type { HostCollector } from '../collector.ts'
import { type ParsedText, parseTextFormat, seriesKey } from '../text-format.ts'

/** Families that scripts leave as `*.prom` files in a folder. A file that is wrong costs only itself. */

const MAX_FILE_BYTES = 1024 * 1024
/** Of all files together. */
const MAX_SAMPLES = 10_000
const MAX_FILES = 1000
const ENDING = '.prom'

export interface TextfileOptions {
  readonly folder: string
  /** Whether the agent itself has a family, or a sample of one, of this name. */
  readonly isTaken: (name: string) => boolean
}

export interface TextfileDeps {
  /** Told of every file that is left out, at every round, and why. */
  readonly onProblem: (file: string, reason: string) => void
}

export function createTextfileCollector(
  { folder, isTaken }: TextfileOptions,
  { onProblem }: TextfileDeps,
): HostCollector {
  return {
    name: 'textfile',
    collect: async (signal) => {
      const admission = new Admission(isTaken)
      const own = new FamilySet()
      let hasFailed = false
      const refuse = (path: string, reason: string): void => {
        hasFailed = true
        onProblem(path, reason)
      }
      for (const name of await promFiles(folder, refuse)) {
        signal.throwIfAborted()
        const path = join(folder, name)
        try {
          const { text, mtimeMs } = await readFile(path)
          const reason = admission.admit(parseTextFormat(text, { maxSamples: MAX_SAMPLES }), path)
          if (reason) refuse(path, reason)
          else
            own.gauge(
              'node_textfile_mtime_seconds',
              'When the file was last written, Unix time.',
              Math.floor(mtimeMs / 1000),
              {
                file: path,
              },
            )
        } catch (error) {
          refuse(path, messageOf(error))
        }
      }
      own.gauge('node_textfile_scrape_error', '1 when a file, or the folder, could not be taken.', hasFailed ? 1 : 0)
      return [...mergeFamilies(admission.parts), ...own.families()]
    },
  }
}

async function promFiles(folder: string, refuse: (path: string, reason: string) => void): Promise<string[]> {
  try {
    const names = (await readdir(folder)).filter((name) => name.endsWith(ENDING)).sort()
    if (names.length > MAX_FILES) refuse(folder, `more than ${MAX_FILES} files`)
    return names.slice(0, MAX_FILES)
  } catch (error) {
    refuse(folder, messageOf(error))
    return []
  }
}

/** Not blocking, so that a pipe in the place of a file is refused instead of waited for. */
async function readFile(path: string): Promise<{ text: string; mtimeMs: number }> {
  await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const { size, mtimeMs } = await file.stat().then((stat) => {
    if (stat.isFile()) return stat
    throw new Error('expected a file')
  })
  if (size > MAX_FILE_BYTES) throw new Error('expected at most 1 MiB')
  // One byte more than it had, to see that it did not grow meanwhile.
  const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(size + 1), 0, size + 1, 0)
  if (bytesRead !== size) throw new Error('it changes while it is read')
  return {
    text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(buffer.subarray(0, bytesRead)),
    mtimeMs,
  }
}

/** What the files before have brought, which the next one must agree with. */
class Admission {
  readonly parts: (readonly FamilySamples[])[] = []
  readonly #isTaken: (name: string) => boolean
  readonly #types = new Map<string, string>()
  /** Every series, and every name of samples with the family it belongs to. */
  readonly #series = new Set<string>()
  readonly #familyOfName = new Map<string, string>()

  constructor(isTaken: (name: string) => boolean) {
    this.#isTaken = isTaken
  }

  /** Takes the file in, or says why not. */
  admit(parsed: ParsedText, path: string): string | undefined {
    if (parsed.kind === 'bad') return `line ${parsed.line}: ${parsed.reason}`
    if (this.#series.size + parsed.sampleCount > MAX_SAMPLES) return `more than ${MAX_SAMPLES} samples in all files`
    const problem = parsed.families.map((family) => this.#problemOf(family)).find((found) => found !== undefined)
    if (problem) return problem
    for (const { name, type, samples } of parsed.families) {
      this.#types.set(name, type)
      for (const sample of samples) {
        this.#series.add(seriesKey(sample))
        this.#familyOfName.set(sample.name, name)
      }
    }
    this.parts.push(parsed.families.map((family) => ({ ...family, help: family.help || `Metric read from ${path}` })))
    return undefined
  }

  #problemOf({ name, type, samples }: FamilySamples): string | undefined {
    if (this.#isTaken(name)) return `${name} is a metric of the agent`
    const known = this.#types.get(name)
    if (known !== undefined && known !== type) return `${name} is a ${type} here and a ${known} in another file`
    for (const sample of samples) {
      if (sample.name !== name && this.#isTaken(sample.name)) return `${sample.name} is a metric of the agent`
      const family = this.#familyOfName.get(sample.name)
      if (family !== undefined && family !== name) return `${sample.name} belongs to ${family} in another file`
      if (this.#series.has(seriesKey(sample))) return `${sample.name} with the same labels is in another file`
    }
    return undefined
  }
}
