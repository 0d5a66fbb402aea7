import { mkdirSync } from 'node:fs'
import { join, sep } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { EXIT } from './errors.ts'
import { AckedPositions } from './ingest/acked-positions.ts'
import { Chunker } from './ingest/chunker.ts'
import { Committer } from './ingest/committer.ts'
import type { FromIngest, IngestOrder, IngestSettings, ToIngest } from './ingest/messages.ts'
import { Pipeline } from './ingest/pipeline.ts'
import { Retention } from './ingest/retention.ts'
import { sourceVitals, storeVitals } from './ingest/vitals.ts'
import { postingLog } from './own-log.ts'
import { Bell } from './run/bell.ts'
import { systemClock } from './run/clock.ts'
import { Heartbeat, startBeating } from './run/heartbeat.ts'
import { Ballast, freeBytes } from './store/ballast.ts'
import type { FileIdentity } from './store/checkpoint.ts'
import { BUFFER_FILE, openBuffer } from './store/open-buffer.ts'
import { NEWER_SCHEMA_HINT, StoreError } from './store/sqlite.ts'
import { CursorReader, STATE_FILE } from './store/state-store.ts'
import { createSource, type Source } from './tail/source.ts'
import { Tailer } from './tail/tailer.ts'
import { Watcher } from './tail/watcher.ts'

/**
 * The data plane, a thread of its own: watch → read → split → parse → chunk → commit, and what leaves the buffer again. Owns
 * buffer.db. Main tells it to stop, that a cursor moved, or that the settings changed; it tells main that something was
 * stored, and how it is.
 */

const TIDY_MS = 30_000
/** Above `buffer.max_bytes`, which retention keeps: the wall behind it is for the case that retention is wrong. */
const HEADROOM_BYTES = 64 * 2 ** 20
const KNOWN_MS = 7 * 86_400_000
const MAX_OPEN_FILES = 1024
const PARTIAL_WAIT_MS = 5000

const port = parentPort
if (!port) throw new Error('Cannot run the ingest thread: it is not a worker thread')
const post = (message: FromIngest): void => port.postMessage(message)
const order = workerData as IngestOrder
const clock = systemClock

const ownLog = postingLog(
  { level: order.settings.logLevel },
  {
    clock,
    onSuppressed: (count) => post({ kind: 'suppressed', count }),
    post: (record) => post({ kind: 'log', record }),
  },
)
const log = ownLog.log.child('ingest')

function isOwnBy(settings: () => IngestSettings): (path: string, identity: FileIdentity) => boolean {
  return (path, { dev, ino }) => {
    const { ownPaths, ownInodes } = settings()
    return ownInodes.includes(`${dev}:${ino}`) || ownPaths.some((own) => path === own || path.startsWith(own + sep))
  }
}

async function run({ settings: first, heartbeats, beatMs }: IngestOrder): Promise<void> {
  let settings = first
  const { dataDir } = settings
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const bufferPath = join(dataDir, BUFFER_FILE)
  const ballast = new Ballast(dataDir)
  const diskFreeBytes = (): number => freeBytes(dataDir)
  ballast.releaseIfShort(settings.buffer.minFreeBytes)
  const cursors = new CursorReader(join(dataDir, STATE_FILE))
  const { store, corruption } = openBuffer({
    ...{ dataDir, nowMs: clock.nowMs(), sources: settings.sources.map(({ name }) => name) },
    settledSeq: (bufferId) => cursors.highestSeq(bufferId),
  })
  store.limitTo(settings.buffer.maxBytes + HEADROOM_BYTES)
  const acked = new AckedPositions(dataDir, store)
  const outputsSettledSeq = (): number => cursors.settledSeq(settings.outputs, store.id)
  // Chunks whose positions are not in the side file's memory yet are not removed either.
  const settledSeq = (): number => {
    const seq = outputsSettledSeq()
    acked.follow(seq)
    return Math.min(seq, acked.seq)
  }
  const retention = new Retention(settings.buffer, { store, ballast, settledSeq, freeBytes: diskFreeBytes })
  const bell = new Bell()
  const rung = new Set<string>()
  const commitSeconds: number[] = []

  const chunkerOptions = (): { maxBytes: number; maxEntries: number; maxWaitMs: number } => ({
    maxBytes: settings.buffer.chunkBytes,
    maxEntries: 4096,
    maxWaitMs: settings.buffer.chunkWaitMs,
  })
  const chunker = new Chunker(chunkerOptions(), clock, ({ config }, file) => ({
    service: config.service ?? settings.service,
    version: config.version ?? settings.version,
    environment: config.environment ?? settings.environment,
    host: settings.host,
    source: config.name,
    file,
    times: { zone: config.timeZone ?? settings.localZone, ...(config.timeFormat && { layout: config.timeFormat }) },
  }))
  const committer = new Committer({
    ...{ store, retention, clock, log },
    recycle: (text) => chunker.recycle(text),
    onCommit: (seconds) => {
      commitSeconds.push(seconds)
      post({ kind: 'committed' })
    },
  })

  const createSources = (before: readonly Source[]): Source[] => {
    const seen = store.seenSources()
    return settings.sources.map((config) => {
      const old = before.find((source) => source.config.name === config.name)
      return createSource(config, {
        isLeftOut: (folder) => settings.ownPaths.includes(folder),
        isSeen: old?.isSeen ?? seen.has(config.name),
        sinkFor: (source, path) => chunker.sinkFor(source, path),
        ...(old && { stats: old.stats }),
      })
    })
  }
  let sources = createSources([])
  const isOwn = isOwnBy(() => settings)
  const options = { maxOpenFiles: MAX_OPEN_FILES, partialWaitMs: PARTIAL_WAIT_MS }
  const tailer = new Tailer(sources, store.checkpoints(), { options, deps: { clock, log, isOwn } })

  let watchProblem: string | undefined
  const watcher = new Watcher(
    (path) => {
      rung.add(path)
      bell.ring()
    },
    (reason) => {
      watchProblem = reason
      log.warn('Cannot watch folders; files are found by looking, up to 5 s later', { reason })
    },
  )

  let lastVitals = ''
  const postVitals = (): void => {
    const vitals = {
      store: committer.state,
      ...storeVitals(store, bufferPath),
      ledger: store.ledger(),
      sources: sourceVitals(sources, tailer),
      ...(watchProblem !== undefined && { watchProblem }),
    }
    const text = JSON.stringify(vitals)
    if (text === lastVitals && commitSeconds.length === 0) return
    lastVitals = text
    const seconds = commitSeconds.splice(0)
    const { lookSeconds } = pipeline
    post({
      kind: 'vitals',
      vitals: { ...vitals, atMs: clock.nowMs(), diskFreeBytes: diskFreeBytes(), commitSeconds: seconds, lookSeconds },
    })
  }

  let tidyAtMs = clock.monotonicMs() + TIDY_MS / 6
  const attempt = (work: () => void): void => {
    try {
      work()
    } catch (error) {
      // The store or the disk refuses now: nothing is lost by tidying later, and the committer says so.
      log.debug('Cannot tidy the buffer', { error })
    }
  }
  const tidy = (): void => {
    tidyAtMs = clock.monotonicMs() + TIDY_MS
    attempt(() => {
      if (acked.follow(outputsSettledSeq())) acked.save(store.checkpoints())
    })
    attempt(() => {
      retention.tidy(clock.nowMs())
      store.forgetCheckpoints(clock.nowMs() - KNOWN_MS)
    })
  }

  const pipeline = new Pipeline(settings.encoding, {
    ...{ tailer, watcher, chunker, committer, clock, bell, rung },
    onTick: () => {
      if (clock.monotonicMs() >= tidyAtMs) tidy()
      if (commitSeconds.length === 0) attempt(() => retention.giveBack())
      ownLog.flush()
      postVitals()
    },
  })

  const stop = new AbortController()
  port?.on('message', (message: ToIngest) => {
    switch (message.kind) {
      case 'stop':
        stop.abort()
        bell.ring()
        return
      case 'settled':
        if (committer.state.kind === 'blocked') committer.relief.ring()
        return
      case 'entry':
        chunker.add(message.entry)
        bell.ring()
        return
      case 'reload':
        settings = message.settings
        retention.options = settings.buffer
        store.limitTo(settings.buffer.maxBytes + HEADROOM_BYTES)
        chunker.options = chunkerOptions()
        pipeline.encoding = settings.encoding
        ownLog.setLevel(settings.logLevel)
        sources = createSources(sources)
        tailer.reconfigure(sources)
        pipeline.rediscover()
        post({ kind: 'reloaded' })
    }
  })

  post({ kind: 'open', wasClean: store.wasClean, ...(corruption && { corruption }) })
  if (corruption) log.error('The buffer was damaged and was set aside; a new one is in use', { ...corruption })
  const stopBeating = startBeating(new Heartbeat(heartbeats, 'ingest'), beatMs)
  // The committer ends after the pipeline: what that holds at the end is committed too.
  const stopCommitting = new AbortController()
  const committing = committer.run(stopCommitting.signal)
  try {
    await Promise.race([pipeline.run(stop.signal), committing])
    stopCommitting.abort()
    await committing
    attempt(() => {
      if (acked.follow(outputsSettledSeq())) acked.save(store.checkpoints())
    })
    postVitals()
  } catch (error) {
    // Not marked as ended well: the next thread looks at the file before it uses it.
    store.abandon()
    throw error
  } finally {
    stopBeating()
    tailer.close()
    await watcher.close()
    cursors.close()
    store.close()
    ownLog.flush({ all: true })
  }
}

try {
  await run(order)
} catch (error) {
  if (!(error instanceof StoreError) || error.code !== 'newer_schema') throw error
  post({ kind: 'fatal', message: error.message, exitCode: EXIT.config, hint: NEWER_SCHEMA_HINT })
}
port.close()
