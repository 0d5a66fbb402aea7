import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { agentPeers } from './bench/agent-peer.ts'
import { corpusFile } from './bench/corpus.ts'
import { throughput } from './bench/jobs.ts'
import { MarkerTally } from './bench/tally.ts'

const LINES = 20_000

t.test('the agent loses and repeats nothing on the bench', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'obs-agent-bench-test-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const input = corpusFile(folder, { format: 'json', lines: LINES })
  const [peer] = agentPeers(join(import.meta.dirname, '../src/main.ts'))
  if (!peer) throw new Error('The agent is a peer of its own')
  const { signal } = new AbortController()
  const result = await throughput({ peer, round: 1, format: 'json', folder, signal }, { input, lines: LINES })
  t.match(
    result,
    { isComplete: true, lost: 0, duplicates: 0, unreadable: 0 },
    result.lastWords ?? 'everything arrives once',
  )
  t.ok(result.cpuSeconds > 0 && result.peakRssBytes > 0 && result.wireBytes > 0, 'it measures')
})

t.test('the tally tells what is missing, what came twice, and what nobody wrote', (t) => {
  const tally = new MarkerTally(4)
  const first = Buffer.from('{"id":"req-0000000000"}\n{"id":"req-0000000002-1767225600000"}\n')
  tally.add(first, { arrivedMs: 1_767_225_600_250, isTold: false })
  tally.add(first, { arrivedMs: 1_767_225_600_500, isTold: true })
  tally.add(Buffer.from('req-0000000002 req-0000000009 req-00000x0001 req-'), { arrivedMs: 0, isTold: false })
  t.strictSame(tally.result(), {
    decodedBytes: first.length * 2 + 49,
    distinct: 2,
    duplicates: 3,
    toldDuplicates: 2,
    lost: 2,
    foreign: 3,
    latency: { p50: 500, p90: 500, p99: 500, max: 500 },
  })
  t.end()
})
