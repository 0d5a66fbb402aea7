import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { Draft } from '../../src/ingest/chunker.ts'
import { Committer } from '../../src/ingest/committer.ts'
import { Retention, type RetentionOptions } from '../../src/ingest/retention.ts'
import { NdjsonBuffer } from '../../src/parse/line.ts'
import { systemClock } from '../../src/run/clock.ts'
import type { Log } from '../../src/run/log.ts'
import { Ballast } from '../../src/store/ballast.ts'
import { ChunkStore } from '../../src/store/chunk-store.ts'
import { BUFFER_FILE } from '../../src/store/open-buffer.ts'
import { checkpointAt, noise } from '../store/buffer-fixture.ts'

export interface BufferRig {
  readonly dir: string
  readonly store: ChunkStore
  readonly ballast: Ballast
  readonly retention: Retention
  readonly committer: Committer
  readonly said: string[]
  /** What every output has had. */
  settledSeq: number
  diskFreeBytes: number
  /** Seals and pushes a chunk of one entry, 100 KB that do not compress. */
  push(): void
  /** Resolves when the committer is in this state and, for `ok`, its queue is empty. */
  until(kind: 'ok' | 'blocked'): Promise<void>
}

const CHUNK_BYTES = 100_000

/** A store with its retention and a running committer, on a disk whose free space the test decides. */
export function runBuffer(t: Test, options: Partial<RetentionOptions> = {}): BufferRig {
  const dir = mkdtempSync(join(tmpdir(), 'obs-agent-buffer-'))
  const store = new ChunkStore(join(dir, BUFFER_FILE))
  const ballast = new Ballast(dir, 1 << 20)
  const said: string[] = []
  const say = (message: string): void => void said.push(message)
  const log: Log = { debug: say, info: say, warn: say, error: say, child: () => log }
  const all = { maxBytes: 2 * 2 ** 20, maxAgeMs: 3_600_000, whenFull: 'block', minFreeBytes: 0, ...options } as const
  const retention = new Retention(all, {
    ...{ store, ballast },
    settledSeq: () => rig.settledSeq,
    freeBytes: () => rig.diskFreeBytes,
  })
  let stored = 0
  let pushed = 0
  const committer = new Committer({
    ...{ store, retention, log, clock: systemClock },
    recycle: () => stored++,
    onCommit: () => {},
  })
  const stop = new AbortController()
  const running = committer.run(stop.signal)
  t.teardown(async () => {
    stop.abort()
    committer.relief.ring()
    await running
    store.close()
    rmSync(dir, { recursive: true, force: true })
  })
  const rig: BufferRig = {
    ...{ dir, store, ballast, retention, committer, said },
    settledSeq: 0,
    diskFreeBytes: Number.POSITIVE_INFINITY,
    push: () => {
      pushed++
      const checkpoints = [checkpointAt(pushed * CHUNK_BYTES)]
      committer.push(draftOf(pushed), 'identity', { checkpoints, seenSources: [] })
    },
    until: async (kind) => {
      const deadlineMs = performance.now() + 10_000
      const isReached = (): boolean => committer.state.kind === kind && (kind === 'blocked' || stored === pushed)
      while (!isReached()) {
        if (performance.now() > deadlineMs) throw new Error(`Cannot reach ${kind}: ${JSON.stringify(committer.state)}`)
        await committer.moved(20, stop.signal)
      }
    },
  }
  return rig
}

function draftOf(n: number): Draft {
  const text = new NdjsonBuffer(CHUNK_BYTES)
  noise(CHUNK_BYTES, n).copy(text.bytes)
  text.length = CHUNK_BYTES
  const booking = { source: 'app', entries: 1, bytes: CHUNK_BYTES }
  return {
    text,
    isFull: true,
    ...{ entries: 1, minTimeMs: 1, maxTimeMs: 1, levelMask: 2 },
    header: { sources: { app: { entries: 1, services: {} } } },
    ledger: [
      { ...booking, account: 'read' },
      { ...booking, account: 'stored' },
    ],
  }
}
