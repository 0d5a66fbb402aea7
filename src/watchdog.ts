import { execFile } from 'node:child_process'
import { writeSync } from 'node:fs'
import { promisify } from 'node:util'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { codeOf, messageOf, unreachable } from './errors.ts'
import { systemClock } from './run/clock.ts'
import { type JudgedThread, type Look, look, stalledThreads } from './run/heartbeat.ts'
import type { NotifierMessage, WatchdogOrder, WatchdogReport } from './run/notifier.ts'

/**
 * The watchdog thread. It sends what main says to systemd, and at a third of the time systemd allows it sends WATCHDOG=1
 * while every judged thread makes progress. A thread that stands still for two looks silences it, and systemd ends and
 * restarts the agent (SIGABRT) when the time is over. It shares nothing with the other threads but their heartbeats, so
 * nothing that holds them holds it.
 */
const execute = promisify(execFile)
const notifyDeadlineMs = 5000
const attemptCount = 3
const retryMs = 1000

/** Assignments that go out together in one datagram. */
type Datagram = readonly string[]

class Watchdog {
  readonly #order: WatchdogOrder
  readonly #port: MessagePort
  readonly #closing = new AbortController()
  readonly #lookMs: number
  #queue: Datagram[] = []
  #isSending = false
  #isHeard = true
  #phase: 'starting' | 'judging' | 'stopping' = 'starting'
  #looks: readonly Look[] = []
  #stalled: readonly JudgedThread[] = []
  #status = ''

  constructor(order: WatchdogOrder, port: MessagePort) {
    this.#order = order
    this.#port = port
    this.#lookMs = (order.watchdogUsec ?? 0) / 3000
  }

  async run(): Promise<void> {
    this.#port.on('message', (message: NotifierMessage) => this.#hear(message))
    while (this.#lookMs > 0 && !this.#closing.signal.aborted) {
      await systemClock.sleep(this.#lookMs, this.#closing.signal)
      if (!this.#closing.signal.aborted) this.#lookOnce()
    }
  }

  #hear(message: NotifierMessage): void {
    switch (message.kind) {
      case 'ready':
        if (this.#phase === 'starting') this.#phase = 'judging'
        this.#status = statusLine(message.status)
        this.#send(['READY=1', this.#status])
        break
      case 'status':
        this.#status = statusLine(message.status)
        this.#send([this.#status])
        break
      case 'reloading':
        this.#send(['RELOADING=1', `MONOTONIC_USEC=${message.monotonicUsec}`])
        break
      case 'stopping':
        this.#phase = 'stopping'
        this.#send(['STOPPING=1'])
        break
      case 'close':
        this.#closing.abort()
        this.#port.close()
        break
      default:
        unreachable(message)
    }
  }

  #lookOnce(): void {
    if (this.#phase === 'starting') return // Nobody need beat yet, and systemd counts from READY=1.
    this.#looks = look(this.#looks, this.#order.heartbeats)
    const stalled = this.#phase === 'judging' ? stalledThreads(this.#looks) : []
    if (stalled.join() !== this.#stalled.join()) this.#sayStalled(stalled)
    this.#stalled = stalled
    if (stalled.length === 0) this.#send(['WATCHDOG=1'])
  }

  #sayStalled(threads: readonly JudgedThread[]): void {
    this.#report({ kind: 'stalled', threads })
    const seconds = ((2 * this.#lookMs) / 1000).toFixed(1)
    const text = `thread ${threads.join(' and ')} stood still for ${seconds} s: no sign of life is sent to systemd`
    this.#send([threads.length === 0 ? this.#status : statusLine(text)])
    // Main may be the one that hangs, and after systemd's SIGABRT this line is all that tells why.
    if (threads.length > 0) printCritical(text)
  }

  #report(report: WatchdogReport): void {
    this.#port.postMessage(report)
  }

  /** Queues a datagram. A status or a sign of life that still waits is replaced; a change of state never is. */
  #send(datagram: Datagram): void {
    const kind = kindOf(datagram)
    if (kind === 'STATUS' || kind === 'WATCHDOG')
      this.#queue = this.#queue.filter((waiting) => kindOf(waiting) !== kind)
    this.#queue.push(datagram)
    if (!this.#isSending) void this.#drain()
  }

  async #drain(): Promise<void> {
    this.#isSending = true
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) await this.#deliver(next)
    this.#isSending = false
  }

  async #deliver(datagram: Datagram): Promise<void> {
    const { socketPath, searchPath } = this.#order
    for (let attempt = 1; ; attempt++) {
      try {
        await execute('systemd-notify', datagram, {
          env: { NOTIFY_SOCKET: socketPath, PATH: searchPath },
          timeout: notifyDeadlineMs,
          killSignal: 'SIGKILL',
        })
        this.#isHeard = true
        return
      } catch (error) {
        if (this.#isHeard) this.#report({ kind: 'trouble', text: troubleText(error, searchPath) })
        this.#isHeard = false
        if (attempt === attemptCount || this.#closing.signal.aborted) return
        await systemClock.sleep(retryMs, this.#closing.signal)
      }
    }
  }
}

function kindOf(datagram: Datagram): string {
  return datagram[0]?.split('=', 1)[0] ?? ''
}

/** One assignment: a line break in the text would begin another (`MAINPID=1`), and a NUL cannot be an argument. */
function statusLine(text: string): string {
  return `STATUS=${text.replace(/\p{Cc}+/gu, ' ').slice(0, 400)}`
}

/** Straight to the descriptor, since a worker's own streams go through main; 2 is syslog's "critical" (sd-daemon(3)). */
function printCritical(text: string): void {
  try {
    writeSync(2, `<2>obs-agent: ${text}\n`)
  } catch {
    // Nobody reads our log just now (journald restarts): no reason for the watchdog to die.
  }
}

function troubleText(error: unknown, searchPath: string): string {
  if (codeOf(error) === 'ENOENT')
    return `Cannot tell systemd: systemd-notify is not installed, got PATH ${searchPath}; systemd will take the agent for one that never started`
  return `Cannot tell systemd: ${messageOf(error).trim()}`
}

if (!parentPort) throw new Error('Cannot run the watchdog: it is a worker thread, got the main thread')
await new Watchdog(workerData as WatchdogOrder, parentPort).run()
