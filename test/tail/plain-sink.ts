import type { WorkingSource } from '../../src/config/working-source.ts'
import type { LineSink } from '../../src/tail/line-sink.ts'

/** What a sink has to say that takes each line for a record. */
export const LINE_BY_LINE: Omit<LineSink, 'accept' | 'drop'> = {
  settle: () => {},
  heldOffset: undefined,
  finish: () => {},
  format: 'plain',
}

/** A source of plain lines, with the defaults of agent.yaml but for what a test waits for. */
export const PLAIN_SOURCE: WorkingSource = {
  ...{ name: 'app', include: [], exclude: [], startAt: 'beginning', parse: { kind: 'format', format: 'plain' } },
  ...{ maxLineBytes: 256 * 1024, rotateWaitMs: 60_000, deletedHoldMs: 600_000 },
  multiline: { join: { kind: 'auto' }, timeoutMs: 1000, maxLines: 500, maxBytes: 2 ** 20 },
  process: [],
  metrics: [],
}
