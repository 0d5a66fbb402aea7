import { once } from 'node:events'
import { type IncomingHttpHeaders, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { type ApiDeps, type ApiOptions, createApi } from '../../src/api/server.ts'
import { createMetrics, type Metrics } from '../../src/metrics.ts'
import { systemClock } from '../../src/run/clock.ts'
import { createLog } from '../../src/run/log.ts'
import type { LogRecord } from '../../src/run/log-record.ts'
import { RepeatLimiter, USUAL_REPEATS } from '../../src/run/repeat-limiter.ts'

export interface RunningApi {
  readonly port: number
  readonly metrics: Metrics
  readonly records: LogRecord[]
  close(): Promise<void>
  ask(path: string, options?: AskOptions): Promise<Answer>
  /** Sends bytes and resolves with all that came back when the connection ends. */
  raw(bytes: string): Promise<string>
  connection(): Socket
}

export interface AskOptions {
  readonly method?: string
  readonly headers?: Record<string, string | string[]>
  readonly body?: string
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/** A real API on a free port. */
export async function runApi(options: Partial<ApiOptions> = {}, deps: Partial<ApiDeps> = {}): Promise<RunningApi> {
  const metrics = createMetrics({ version: '1.2.3', node: '26' })
  const records: LogRecord[] = []
  const clock = systemClock
  const limiter = new RepeatLimiter(USUAL_REPEATS, { clock, onSuppressed: () => {} })
  const log = createLog(
    { component: 'api', level: () => 'debug' },
    { clock, limiter, write: (record) => records.push(record) },
  )
  const api = createApi(
    {
      listen: { host: '127.0.0.1', port: 0 },
      service: 'obs-agent',
      version: '1.2.3',
      environment: 'test',
      startedMs: clock.monotonicMs(),
      ...options,
    },
    {
      clock,
      log,
      metrics,
      checks: () => [],
      readiness: () => ({ kind: 'ready' }),
      reload: async () => ({ kind: 'ok' }),
      probes: () => [],
      push: () => 'no_such_probe',
      series: { read: async function* () {} },
      ...deps,
    },
  )
  const { port } = await api.listen()
  // A connection that is refused may be reset before anybody reads from it.
  const connection = (): Socket => connect(port, '127.0.0.1').on('error', () => {})
  return {
    port,
    metrics,
    records,
    close: () => api.close(),
    ask: (path, question = {}) => ask(port, path, question),
    raw: (bytes) => {
      const socket = connection()
      socket.write(bytes)
      return everything(socket)
    },
    connection,
  }
}

async function ask(port: number, path: string, { method = 'GET', headers = {}, body }: AskOptions): Promise<Answer> {
  const question = request({ host: '127.0.0.1', port, path, method, headers, agent: false })
  question.end(body)
  const [response] = await once(question, 'response')
  let text = ''
  for await (const piece of response.setEncoding('utf8')) text += piece
  return { status: response.statusCode, headers: response.headers, text }
}

/** All that a connection says until it ends, by whatever end. */
export async function everything(connection: Socket): Promise<string> {
  let text = ''
  connection.setEncoding('utf8').on('data', (piece: string) => {
    text += piece
  })
  // Not `events.once`: that rejects on an error, and a reset is one of the ends looked for.
  if (!connection.closed) await new Promise((resolve) => connection.once('close', resolve))
  return text
}
