import { accessSync, constants, existsSync, fstatSync, mkdirSync, statfsSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import pino from 'pino'
import { Agent } from '../agent.ts'
import type { AgentConfig } from '../config/schema.ts'
import { codeOf, EXIT, FatalError, messageOf } from '../errors.ts'
import { logDestination } from '../own-log/destination.ts'
import { loggerOptions, ownLog } from '../own-log.ts'
import { type Clock, systemClock } from '../run/clock.ts'
import type { Log } from '../run/log.ts'
import { notifySettings, notifyVariables } from '../run/notifier.ts'
import { Ballast } from '../store/ballast.ts'
import { type DataDirLock, lockDataDir } from '../store/lock.ts'
import { openState } from '../store/open-state.ts'
import { NEWER_SCHEMA_HINT, StoreError } from '../store/sqlite.ts'
import { localZone } from './local-zone.ts'
import { readConfig } from './read-config.ts'

/** `obs-agent run`: runs the agent until SIGTERM or SIGINT; a second one ends it at once. Returns the exit code. */
export async function runCommand(configPath: string, version: string): Promise<number> {
  const stop = new AbortController()
  // First of all: a signal during the start must not be lost.
  const signals = handleSignals(stop)
  const notify = notifySettings(process.env, process.pid)
  for (const name of notifyVariables) delete process.env[name]

  const loaded = await readConfig(configPath, process.env)
  if (loaded.kind === 'bad') {
    for (const problem of loaded.problems) process.stderr.write(`${problem}\n`)
    return EXIT.config
  }
  const { config } = loaded
  const clock = systemClock
  let agent: Agent | undefined
  const destination = logDestination({ fd: 2, format: logFormat(config) }, { onLost: () => agent?.suppressed(1) })
  const logger = ownLog(pino(loggerOptions(), destination), config.log, {
    clock,
    onSuppressed: (count) => agent?.suppressed(count),
  })
  for (const warning of loaded.warnings)
    logger.log.warn('The configuration may not be what is meant', { problem: warning })

  prepareDataDir(config.dataDir)
  const lock = holdDataDir(config.dataDir)
  const opened = await openStateWithPatience(config, { clock, log: logger.log, signal: stop.signal })
  if (opened === undefined) {
    lock.release()
    return EXIT.ok
  }
  const { state, quarantine } = opened
  if (quarantine !== undefined) {
    logger.log.error('state.db was damaged and was set aside; outputs are sent again what is still stored', {
      quarantine,
    })
  }
  try {
    agent = new Agent(loaded, {
      ...{ clock, ownLog: logger, state, version, notify },
      ...(quarantine !== undefined && { stateQuarantine: quarantine }),
      stdout: process.stdout,
      readConfig: () => readConfig(configPath, process.env),
      rssBytes: () => process.memoryUsage.rss(),
      ownInodes: ownInodes(),
      hostname: hostname(),
      platform: process.platform,
      environment: { ...process.env },
      localZone: localZone(),
      nodeVersion: process.versions.node,
    })
    const { reload } = agent
    signals.onReload = () => void reload.call(agent)
    await agent.run(stop.signal)
    return EXIT.ok
  } finally {
    state.close()
    lock.release()
  }
}

function holdDataDir(dataDir: string): DataDirLock {
  try {
    return lockDataDir(dataDir, process.pid)
  } catch (error) {
    throw error instanceof StoreError ? cannotStart(error) : error
  }
}

const OPEN_RETRY_MS = 1000

/**
 * Opens state.db. On a full disk not even that works: the ballast is given back first, and without one it is waited for
 * room, since the files keep what is not read and a service that ends too often is not started again. Undefined when stopped
 * meanwhile.
 */
async function openStateWithPatience(
  { dataDir, buffer }: AgentConfig,
  { clock, log, signal }: { clock: Clock; log: Log; signal: AbortSignal },
): Promise<ReturnType<typeof openState> | undefined> {
  new Ballast(dataDir).releaseIfShort(buffer.minFreeBytes)
  for (let isFirst = true; !signal.aborted; isFirst = false) {
    try {
      return openState(dataDir, clock.nowMs())
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      if (error.code !== 'full' && error.code !== 'busy') throw cannotStart(error)
      if (isFirst) log.error('Cannot start yet: state.db cannot be opened; trying again', { reason: error.message })
      await clock.sleep(OPEN_RETRY_MS, signal)
    }
  }
  return undefined
}

function cannotStart(error: StoreError): FatalError {
  const { message, code } = error
  if (code === 'newer_schema')
    return new FatalError(message, { exitCode: EXIT.config, hint: NEWER_SCHEMA_HINT, cause: error })
  const hint =
    'the files in data_dir must belong to the user that runs the agent: chown them, or choose another data_dir'
  return new FatalError(message, { exitCode: EXIT.permission, hint, cause: error })
}

function handleSignals(stop: AbortController): { onReload: () => void } {
  const handlers = { onReload: (): void => {} }
  const end = (signal: NodeJS.Signals): void => {
    if (stop.signal.aborted) process.exit(signal === 'SIGINT' ? 130 : 143)
    stop.abort()
  }
  process.on('SIGTERM', end)
  process.on('SIGINT', end)
  process.on('SIGHUP', () => handlers.onReload())
  // Whoever read our output may go away: that is no reason to end.
  process.stdout.on('error', () => {})
  process.stderr.on('error', () => {})
  return handlers
}

function logFormat({ log }: AgentConfig): 'json' | 'text' {
  if (log.format !== 'auto') return log.format
  return process.stderr.isTTY ? 'text' : 'json'
}

/** Network file systems of Linux (statfs(2)), where SQLite's locks and its WAL cannot be relied on. */
const NETWORK_FS = new Map([
  [0x6969, 'NFS'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
])

function prepareDataDir(dataDir: string): void {
  try {
    // Asked first: on a read-only file system mkdir only says that something does not exist.
    accessSync(existingPartOf(dataDir), constants.W_OK)
    mkdirSync(dataDir, { recursive: true, mode: 0o700 })
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    const hint =
      codeOf(error) === 'EROFS'
        ? 'the file system is read-only: choose another data_dir, or mount it writable'
        : `let the user that runs the agent write there: chown it, or choose another data_dir`
    const message = `Cannot keep state in ${dataDir}: ${messageOf(error)}`
    throw new FatalError(message, { exitCode: EXIT.permission, hint, cause: error })
  }
  const network = NETWORK_FS.get(statfsSync(dataDir).type)
  if (network === undefined) return
  throw new FatalError(
    `Cannot keep state in ${dataDir}: it is on ${network}, where locks and write-ahead logs are not safe`,
    {
      exitCode: EXIT.config,
      hint: 'choose a data_dir on a local disk',
    },
  )
}

function existingPartOf(path: string): string {
  return existsSync(path) || path === dirname(path) ? path : existingPartOf(dirname(path))
}

/** Where stdout and stderr lead, when those are files: tailing them would feed the agent its own words. */
function ownInodes(): string[] {
  return [1, 2].flatMap((fd) => {
    try {
      const stats = fstatSync(fd, { bigint: true })
      return stats.isFile() ? [`${stats.dev}:${stats.ino}`] : []
    } catch {
      return [] // Closed.
    }
  })
}
