import { closeSync, openSync, writeSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { PATIENCE_MS, World } from './running-agent.ts'

t.setTimeout(120_000)

const BACKLOG_BYTES = 300 * 2 ** 20
const LEVELS = ['DEBUG', 'INFO', 'INFO', 'INFO', 'WARN', 'ERROR']

/** A line as a web service writes it. */
function line(n: number): string {
  const at = new Date(1_760_000_000_000 + n * 7).toISOString()
  const [service, level] = [`service-${n % 12}`, LEVELS[n % LEVELS.length]]
  const message = `GET /api/v1/orders/${n * 7919} answered in ${n % 900} ms`
  const rest = {
    status_code: n % 50 ? 200 : 503,
    duration: (n % 900) / 1000,
    request_id: `req-${(n * 2_654_435_761) >>> 0}`,
  }
  return `${JSON.stringify({ timestamp: at, level, service, message, ...rest, user: { id: n % 5000 } })}\n`
}

function writeBacklog(path: string): number {
  const fd = openSync(path, 'w')
  let lines = 0
  for (let bytes = 0; bytes < BACKLOG_BYTES; ) {
    // The same 20,000 lines again and again: it is how many there are that matters.
    const block = blocks[lines % 40_000 === 0 ? 0 : 1] ?? ''
    bytes += writeSync(fd, block)
    lines += 20_000
  }
  closeSync(fd)
  return lines
}

const blocks = [0, 20_000].map((from) => Array.from({ length: 20_000 }, (_, i) => line(from + i)).join(''))

/** How long an answer takes, ms. */
function ask(port: number, agent: Agent): Promise<{ ms: number; text: string }> {
  const beganMs = performance.now()
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path: '/health', agent }, async (response) => {
      let text = ''
      for await (const piece of response.setEncoding('utf8')) text += piece
      resolve({ ms: performance.now() - beganMs, text })
    }).on('error', reject)
  })
}

t.test('/health answers within 50 ms (p99) while the ingest thread works through a backlog', async (t) => {
  const world = new World(t)
  const lines = writeBacklog(join(world.logs, 'big.log'))
  world.configure({ outputs: { out: { type: 'file', path: world.out, compression: 'zstd', rotate_bytes: '1GiB' } } })
  const agent = await world.started()
  const port = await agent.started
  const connections = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => connections.destroy())
  const read = (): Promise<number | undefined> => agent.metric('obs_agent_source_lines_total{source="app"}')
  const times: number[] = []
  const deadlineMs = performance.now() + PATIENCE_MS
  let isReading = true
  while (isReading && performance.now() < deadlineMs) {
    for (let i = 0; i < 20; i++) {
      times.push((await ask(port, connections)).ms)
      await delay(5)
    }
    isReading = ((await read()) ?? 0) < lines
  }
  times.sort((a, b) => a - b)
  const p99 = times[Math.floor(times.length * 0.99)] ?? Number.POSITIVE_INFINITY
  const told = `p50 ${times[times.length >> 1]?.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, of ${times.length}`
  t.comment(told)
  t.notOk(isReading, `the backlog of ${lines} lines was read`)
  t.ok(times.length >= 100, `enough was asked meanwhile: ${times.length}`)
  t.ok(p99 < 50, told)
})
