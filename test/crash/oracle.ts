import { crc32 } from 'node:zlib'
import type { StoredEntry } from './collector.ts'
import type { Random } from './random.ts'

/**
 * What was written, told by nobody but the writer. A generation is the text between two rotations: its lines are numbered
 * from 0, are read in that order whatever rotation does to the file, and have to come out of the store as exactly that row
 * of numbers. So a gap is a loss the moment it is seen, and a number that is not the next one a repeat or an invention.
 */
export interface Generation {
  readonly name: string
  /** Lines that are complete on disk. */
  written: number
  /** Lines that were found in the store. */
  stored: number
}

export class Oracle {
  readonly #generations = new Map<string, Generation>()

  begin(name: string): Generation {
    const generation = { name, written: 0, stored: 0 }
    this.#generations.set(name, generation)
    return generation
  }

  get written(): number {
    return [...this.#generations.values()].reduce((sum, { written }) => sum + written, 0)
  }

  /** Takes an entry out of the store. Returns what is wrong with it, or undefined. */
  store({ message }: StoredEntry): string | undefined {
    const line = parseLine(message)
    if (!line) return `not a line that was written: ${excerpt(message)}`
    const generation = this.#generations.get(line.generation)
    if (!generation || line.number >= generation.written) return `nobody wrote ${line.id}`
    if (line.number < generation.stored) return `${line.id} is stored twice`
    if (line.number > generation.stored) {
      return `${line.id} is stored and ${generation.name}#${generation.stored} before it is not`
    }
    generation.stored++
    return undefined
  }

  /** The generations of which lines are missing in the store. */
  missing(): string[] {
    const behind = [...this.#generations.values()].filter(({ written, stored }) => stored < written)
    return behind.map(({ name, written, stored }) => `${name}: ${stored} of ${written} lines are stored`)
  }
}

export interface ParsedLine {
  readonly id: string
  readonly generation: string
  readonly number: number
}

/** Undefined for what the writer did not write, or not so. */
export function parseLine(message: string): ParsedLine | undefined {
  const parts = /^(\S+)#(\d+) ([0-9a-f]+) (.*)$/s.exec(message)
  if (!parts) return undefined
  const [, generation = '', number = '', crc = '', payload = ''] = parts
  const id = `${generation}#${number}`
  return crcOf(id, payload) === crc ? { id, generation, number: Number(number) } : undefined
}

/** The next line of a generation, as it stands in the file: plain, or as JSON with the same words as its message. */
export function lineOf({ name, written }: Generation, random: Random): string {
  const id = `${name}#${written}`
  const payload = payloadOf(random)
  const message = `${id} ${crcOf(id, payload)} ${payload}`
  return random.chance(0.3) ? JSON.stringify({ level: 'warn', message, n: written }) : message
}

const crcOf = (id: string, payload: string): string => crc32(`${id} ${payload}`).toString(16)

/** What breaks in many ways when it is cut, escaped or decoded wrongly. */
const WORDS = ['payload', 'Überprüfung', '日本語', '🙂', '"quoted"', 'back\\slash', 'tab\there', '<&>', '0123456789']

function payloadOf(random: Random): string {
  const wanted = random.weighted<[number, number]>([
    [89, [1, 150]],
    [10, [150, 1000]],
    [1, [1000, 20_000]],
  ])
  const length = random.integer(...wanted)
  let text = ''
  while (text.length < length) text += `${WORDS[random.integer(0, WORDS.length - 1)]} `
  return `${text}.`
}

const excerpt = (text: string): string => JSON.stringify(text.length > 120 ? `${text.slice(0, 120)}…` : text)
