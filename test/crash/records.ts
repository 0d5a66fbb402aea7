import { closeSync, openSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import type { StoredEntry } from './collector.ts'
import type { Random } from './random.ts'

/**
 * Records of several lines, as a Java program writes them, numbered within their stream (a file, whatever it is renamed to, or
 * one stream of a container). The number is told again in every line, and the checksum in the first covers all of them: a record
 * that lost a line, or got one of another, is nobody's.
 */
export interface RecordStreamBooks {
  readonly name: string
  written: number
  stored: number
}

export class RecordOracle {
  readonly #streams = new Map<string, RecordStreamBooks>()

  begin(name: string): RecordStreamBooks {
    const stream = { name, written: 0, stored: 0 }
    this.#streams.set(name, stream)
    return stream
  }

  get written(): number {
    return [...this.#streams.values()].reduce((sum, { written }) => sum + written, 0)
  }

  /** Takes an entry out of the store. Returns what is wrong with it, or undefined. */
  store(entry: StoredEntry): string | undefined {
    const id = recordIdOf(entry)
    if (id === undefined) return `not a record that was written: ${JSON.stringify(entry).slice(0, 600)}`
    const [name = '', number] = id.split('#')
    const stream = this.#streams.get(name)
    // It may be stored before its writer has counted it: its last line is written, and that is all it takes.
    if (!stream || Number(number) > stream.written) return `nobody wrote ${id}`
    if (Number(number) < stream.stored) return `${id} is stored twice`
    if (Number(number) > stream.stored) return `${id} is stored and ${name}#${stream.stored} before it is not`
    stream.stored++
    return undefined
  }

  missing(): string[] {
    const behind = [...this.#streams.values()].filter(({ written, stored }) => stored < written)
    return behind.map(({ name, written, stored }) => `${name}: ${stored} of ${written} records are stored`)
  }
}

/** `name#number` of a record that is whole, undefined for anything else. */
export function recordIdOf({ message, stack_trace, metadata }: StoredEntry): string | undefined {
  const parts = /^(\S+#\d+) ([0-9a-f]+) (.*)$/s.exec(message)
  if (!parts || metadata?.parse_error !== undefined || metadata?.partial !== undefined) return undefined
  const [, id = '', crc = '', words = ''] = parts
  return crcOf(id, [words, ...(stack_trace ? [stack_trace] : [])].join('\n')) === crc ? id : undefined
}

const crcOf = (id: string, rest: string): string => crc32(`${id} ${rest}`).toString(16)

/** The lines of the next record of a stream. */
export function linesOf({ name, written }: RecordStreamBooks, random: Random): string[] {
  const id = `${name}#${written}`
  const frames = (count: number): string[] =>
    Array.from({ length: count }, (_, i) => `\tat com.example.Step${i}.run(Step${i}.java:${i}) [${id}]`)
  const trace = random.chance(0.3)
    ? []
    : [
        `java.lang.IllegalStateException: ${id} is out of order`,
        ...frames(random.integer(1, 12)),
        ...(random.chance(0.4) ? [`Caused by: java.io.IOException: ${id} again`, ...frames(2), '\t... 12 more'] : []),
      ]
  const words = `${trace.length > 0 ? 'failed' : 'done'} ${'.'.repeat(random.chance(0.1) ? random.integer(100, 40_000) : 5)}`
  const crc = crcOf(id, [words, ...trace].join('\n'))
  return [
    `2026-01-15 08:00:00,123 ${trace.length > 0 ? 'ERROR' : 'INFO '} [main] com.example.App - ${id} ${crc} ${words}`,
    ...trace,
  ]
}

/** Writes records line by line, slowly, and renames the file while it is in the middle of one, which it goes on with. */
export class SlowJavaLog {
  books: RecordStreamBooks
  rotations = 0
  isRotating = false
  readonly #random: Random
  readonly #path: string
  readonly #begin: () => RecordStreamBooks
  #fd: number

  constructor(folder: string, name: string, deps: { oracle: RecordOracle; random: Random }) {
    this.#random = deps.random
    this.#path = join(folder, `${name}.log`)
    this.#begin = () => deps.oracle.begin(`${name}.${this.rotations}`)
    this.books = this.#begin()
    this.#fd = openSync(this.#path, 'a')
  }

  /** Until `signal` aborts; leaves no record unfinished. */
  async run(signal: AbortSignal): Promise<void> {
    const random = this.#random
    while (!signal.aborted) {
      const isRotated = this.isRotating && random.chance(0.08)
      const lines = linesOf(this.books, random)
      const rotateAt = isRotated ? random.integer(0, lines.length - 1) : -1
      for (const [index, line] of lines.entries()) {
        const half = random.chance(0.1) ? random.integer(1, line.length - 1) : 0
        if (half > 0) await this.#write(line.slice(0, half))
        await this.#write(`${line.slice(half)}\n`)
        if (index === rotateAt) renameSync(this.#path, `${this.#path}.${++this.rotations}`)
      }
      this.books.written++
      if (isRotated) {
        closeSync(this.#fd)
        this.#fd = openSync(this.#path, 'a')
        this.books = this.#begin()
      }
      if (random.chance(0.2)) await sleep(random.integer(5, 120))
    }
    closeSync(this.#fd)
  }

  async #write(text: string): Promise<void> {
    writeSync(this.#fd, text)
    if (this.#random.chance(0.4)) await sleep(this.#random.integer(0, 40))
  }
}

/** What a container runtime keeps of a program's two streams: frames of JSON, lines longer than 16 KiB cut into several. */
export class DockerLog {
  readonly streams: readonly RecordStreamBooks[]
  readonly #random: Random
  readonly #fd: number

  constructor(folder: string, name: string, deps: { oracle: RecordOracle; random: Random }) {
    this.#random = deps.random
    this.streams = ['stdout', 'stderr'].map((stream) => deps.oracle.begin(`${name}-${stream}`))
    this.#fd = openSync(join(folder, `${name}-json.log`), 'a')
  }

  async run(signal: AbortSignal): Promise<void> {
    const random = this.#random
    const waiting = this.streams.map((): string[] => [])
    // Each stream finishes what it began.
    while (!signal.aborted || waiting.some((pieces) => pieces.length > 0)) {
      const index = random.integer(0, 1)
      const [books, pieces] = [this.streams[index], waiting[index]]
      if (!books || !pieces) continue
      if (pieces.length === 0) {
        if (signal.aborted) continue
        pieces.push(...linesOf(books, random).flatMap((line) => cut(`${line}\n`)))
      }
      const log = pieces.shift() ?? ''
      const stream = books.name.endsWith('stdout') ? 'stdout' : 'stderr'
      writeSync(this.#fd, `${JSON.stringify({ log, stream, time: '2026-01-15T08:00:00.123456789Z' })}\n`)
      if (pieces.length === 0) books.written++
      if (random.chance(0.4)) await sleep(random.integer(0, 30))
    }
    closeSync(this.#fd)
  }
}

const CUT_BYTES = 16_384

function cut(text: string): string[] {
  const pieces: string[] = []
  for (let at = 0; at < text.length; at += CUT_BYTES) pieces.push(text.slice(at, at + CUT_BYTES))
  return pieces
}
