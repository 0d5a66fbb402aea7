import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { TallyResult } from './tally.ts'

export interface SinkStats {
  readonly requests: number
  readonly wireBytes: number
  /** Arrival of the first and the last body, ms since 1970; 0 before. */
  readonly firstMs: number
  readonly lastMs: number
  /** CPU the sink itself took. */
  readonly cpuSeconds: number
}

export interface SinkCheck extends SinkStats, TallyResult {
  /** Bodies that could not be decoded. */
  readonly unreadable: number
}

export interface Sink extends AsyncDisposable {
  readonly port: number
  readonly url: string
  /** Cheap: nothing is decoded. */
  stats(): Promise<SinkStats>
  /** Decodes and counts what came since the last check. */
  check(): Promise<SinkCheck>
}

/** Starts sink.ts, which expects `records` records. */
export async function startSink(records: number, signal: AbortSignal): Promise<Sink> {
  const child = fork(join(import.meta.dirname, 'sink.ts'), [String(records)])
  const exited = once(child, 'exit')
  const [port] = await Promise.race([once(child, 'message', { signal }), exited.then(refuse)])
  const url = `http://127.0.0.1:${port}`
  const ask = async (path: string): Promise<unknown> => (await fetch(url + path, { signal })).json()
  return {
    port,
    url,
    stats: async () => (await ask('/__stats')) as SinkStats,
    check: async () => (await ask('/__check')) as SinkCheck,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL')
      await exited
    },
  }
}

function refuse([code, signal]: unknown[]): never {
  throw new Error(`Cannot start the sink: it ended, got ${code ?? signal}`)
}
