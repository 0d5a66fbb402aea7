import { hrtime } from 'node:process'
import { Worker } from 'node:worker_threads'
import { systemClock } from './clock.ts'
import type { JudgedThread } from './heartbeat.ts'
import { workerUrl } from './worker-url.ts'

/**
 * What the agent tells systemd (sd_notify(3)), as main sees it: every call posts to the watchdog thread (`watchdog.ts`)
 * and returns. Node has no datagram unix sockets, so a message costs a `systemd-notify` process, and forking one from a
 * large process blocks the thread that does it for tens of milliseconds; that thread must not be main.
 */
export interface Notifier {
  /** `none`: not started by systemd, and every call does nothing. */
  readonly kind: 'systemd' | 'none'
  /** Started, or reloaded. From the first call on, the judged threads must beat. */
  ready(status: string): void
  /** One line for `systemctl status`. */
  status(text: string): void
  /** The configuration is being read again; must be followed by `ready`. */
  reloading(): void
  /** The agent is ending. Threads that stand still from here on are left to the unit's TimeoutStopSec. */
  stopping(): void
  /** Resolves when everything said has reached systemd and the thread is gone, at most `closeMs` later. */
  close(): Promise<void>
}

export interface NotifySettings {
  /** Path of systemd's socket, or `@name` in the abstract namespace; absent: systemd did not start us. */
  readonly socketPath?: string
  /** Microseconds within which systemd wants to hear from us; absent: it does not watch. */
  readonly watchdogUsec?: number
  /** Where `systemd-notify` is looked for, as in PATH. */
  readonly searchPath?: string
}

/** What the watchdog thread is started with. */
export interface WatchdogOrder {
  readonly socketPath: string
  readonly searchPath: string
  readonly watchdogUsec: number | undefined
  readonly heartbeats: SharedArrayBuffer
}

/** What main says to the watchdog thread. `monotonicUsec`: CLOCK_MONOTONIC. */
export type NotifierMessage =
  | { readonly kind: 'ready'; readonly status: string }
  | { readonly kind: 'status'; readonly status: string }
  | { readonly kind: 'reloading'; readonly monotonicUsec: bigint }
  | { readonly kind: 'stopping' }
  | { readonly kind: 'close' }

/** What the watchdog thread says to main: for the log, for /health and for metrics. */
export type WatchdogReport =
  /** systemd does not hear us; said once, and again only after it heard us in between. */
  | { readonly kind: 'trouble'; readonly text: string }
  /** The threads that stand still; said when the list changes, empty when all move again. */
  | { readonly kind: 'stalled'; readonly threads: readonly JudgedThread[] }

/** The variables systemd sets for its services. Main removes them: a child that had them could answer for the agent. */
export const notifyVariables = ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID'] as const

const usualPath = '/usr/local/bin:/usr/bin:/bin'
const closeMs = 1000

/** What systemd asks of the process `pid` in its environment. */
export function notifySettings(env: Readonly<Record<string, string | undefined>>, pid: number): NotifySettings {
  const watchdogUsec = Number(env.WATCHDOG_USEC)
  const isOurs = env.WATCHDOG_PID === undefined || Number(env.WATCHDOG_PID) === pid
  return {
    ...(env.NOTIFY_SOCKET && { socketPath: env.NOTIFY_SOCKET }),
    ...(isOurs && Number.isSafeInteger(watchdogUsec) && watchdogUsec > 0 && { watchdogUsec }),
    ...(env.PATH && { searchPath: env.PATH }),
  }
}

const silent: Notifier = {
  kind: 'none',
  ready: () => {},
  status: () => {},
  reloading: () => {},
  stopping: () => {},
  close: () => Promise.resolve(),
}

export interface NotifierOptions extends NotifySettings {
  readonly heartbeats: SharedArrayBuffer
  readonly onReport: (report: WatchdogReport) => void
}

/** Starts the watchdog thread, if there is a socket to write to. */
export function createNotifier(options: NotifierOptions): Notifier {
  const { socketPath, searchPath = usualPath, watchdogUsec, heartbeats, onReport } = options
  if (socketPath === undefined) return silent
  return startNotifier({ socketPath, searchPath, watchdogUsec, heartbeats }, onReport)
}

function startNotifier(order: WatchdogOrder, onReport: (report: WatchdogReport) => void): Notifier {
  const worker = new Worker(workerUrl(import.meta.url, '../watchdog'), {
    name: 'watchdog',
    workerData: order,
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 4 },
  })
  worker.unref()
  let isClosing = false
  const exited = new Promise<void>((resolve) => {
    worker.on('message', onReport)
    worker.on('error', (error) => {
      onReport({ kind: 'trouble', text: `Cannot keep the watchdog thread: ${String(error)}` })
    })
    worker.on('exit', () => {
      if (!isClosing)
        onReport({ kind: 'trouble', text: 'Cannot tell systemd anything more: the watchdog thread ended' })
      resolve()
    })
  })
  const say = (message: NotifierMessage): void => worker.postMessage(message)
  return {
    kind: 'systemd',
    ready: (status) => say({ kind: 'ready', status }),
    status: (status) => say({ kind: 'status', status }),
    reloading: () => say({ kind: 'reloading', monotonicUsec: hrtime.bigint() / 1000n }),
    stopping: () => say({ kind: 'stopping' }),
    close: async () => {
      isClosing = true
      worker.ref()
      say({ kind: 'close' })
      const gone = new AbortController()
      await Promise.race([exited.then(() => gone.abort()), systemClock.sleep(closeMs, gone.signal)])
      await worker.terminate()
    },
  }
}
