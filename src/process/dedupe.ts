/**
 * `dedupe`: of entries that are equal in some fields the first goes on at once; those that follow within the window are held
 * back, and handed over as one when the window is over: the last of them, with `metadata.repeated` saying how many it stands
 * for. Windows are told by the entries' own times; the wall clock only says when a repeat is due.
 *
 * Memory is bounded. Beyond 10,000 different entries the oldest is forgotten, and what it owes is handed over; when the
 * repeats that are held take more than 8 MiB, entries go through as if they were no repeats: nothing is lost for want of room.
 */
import { hash } from 'node:crypto'
import { addMember } from './field-path.ts'
import { readerOf } from './predicate.ts'
import type { Step } from './step.ts'
import type { WorkingEntry } from './working-entry.ts'

const MAX_KEYS = 10_000
/** As JSON; as objects they take about four times that. */
const MAX_HELD_BYTES = 8 * 2 ** 20
/** UTF-16 units of a key that is kept as it is; of a longer one its SHA-256 is. */
const MAX_KEY_LENGTH = 128
const DEFAULT_FIELDS = ['level', 'message']

/** The first of equal entries, and what came after it. */
interface Run {
  readonly startMs: number
  repeats: number
  last: Record<string, unknown>
  /** What `last` takes, about. */
  bytes: number
}

interface Owed {
  readonly entry: Record<string, unknown>
  readonly bytes: number
}

const NOTHING: Record<string, unknown> = {}

export class DedupeStep implements Step {
  readonly kind = 'dedupe'
  readonly #windowMs: number
  readonly #readers: readonly ((work: WorkingEntry) => unknown)[]
  /** Oldest first. */
  readonly #runs = new Map<string, Run>()
  #owed: Owed[] = []
  #heldBytes = 0

  constructor({ windowMs, by }: { windowMs: number; by: readonly string[] }) {
    this.#windowMs = windowMs
    this.#readers = (by.length === 0 ? DEFAULT_FIELDS : by).map(readerOf)
  }

  apply(work: WorkingEntry): 'keep' | 'deduplicated' {
    const { timeMs } = work.facts
    const key = this.#keyOf(work)
    const run = this.#runs.get(key)
    // An entry may be a little older than the one before it, but one with a clock of its own begins a run of its own.
    if (run !== undefined && Math.abs(timeMs - run.startMs) < this.#windowMs) {
      return this.#hold(run, work) ? 'deduplicated' : 'keep'
    }
    if (run !== undefined) this.#forget(key, run)
    const [oldest] = this.#runs.size >= MAX_KEYS ? this.#runs : []
    if (oldest !== undefined) this.#forget(...oldest)
    this.#runs.set(key, { startMs: timeMs, repeats: 0, last: NOTHING, bytes: 0 })
    return 'keep'
  }

  collect(nowMs: number, give: (entry: Record<string, unknown>) => void): void {
    const windowMs = this.#windowMs
    for (const run of this.#runs.values()) {
      // The run stays: by their own times more of its entries may come. One that lies in the future is due as well.
      if (nowMs >= run.startMs + windowMs || run.startMs > nowMs + windowMs) this.#settle(run)
    }
    const owed = this.#owed
    this.#owed = []
    for (const { entry, bytes } of owed) {
      this.#heldBytes -= bytes
      give(entry)
    }
  }

  /** False: there is no room to. */
  #hold(run: Run, work: WorkingEntry): boolean {
    const bytes = work.out.length - work.start
    const heldBytes = this.#heldBytes - run.bytes + bytes
    if (heldBytes > MAX_HELD_BYTES) return false
    this.#heldBytes = heldBytes
    run.bytes = bytes
    run.repeats++
    // The object is this entry's alone, and nobody else will look at it: it is dropped.
    run.last = work.object
    return true
  }

  #forget(key: string, run: Run): void {
    this.#settle(run)
    this.#runs.delete(key)
  }

  #settle(run: Run): void {
    if (run.repeats === 0) return
    addMember(run.last, 'repeated', run.repeats)
    this.#owed.push({ entry: run.last, bytes: run.bytes })
    run.repeats = 0
    run.last = NOTHING
    run.bytes = 0
  }

  #keyOf(work: WorkingEntry): string {
    const text = JSON.stringify(this.#readers.map((read) => read(work) ?? null))
    return text.length <= MAX_KEY_LENGTH ? text : hash('sha256', text, 'base64')
  }
}
