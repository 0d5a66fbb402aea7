import type { WorkingSource } from '../../config/working-source.ts'
import { framesOf } from '../../ingest/frames.ts'
import type { RecordAbout } from '../../ingest/outlet.ts'
import { RecordSink } from '../../ingest/record-sink.ts'
import { createEntryFacts, type Line, type LineContext, NdjsonBuffer } from '../../parse/line.ts'
import { RecordStream } from '../../parse/record-stream.ts'
import { createProcessing, type Processing } from '../../process/processing.ts'
import { WorkingEntry } from '../../process/working-entry.ts'
import { LineSplitter } from '../../tail/line-splitter.ts'

/** What became of one record. */
export interface RecordReport {
  readonly entry: Record<string, unknown>
  /** The format that took it apart: `nginx`, `docker: json`. */
  readonly parser: string
  /** Why that one: `configured`, `auto`. */
  readonly why: string
  /** The lines it was made of, without their frames. */
  readonly lines: readonly string[]
  /** The step that let it go: `drop_if (process[0])`. */
  readonly dropped_by?: string
  /** What was redacted, and how often. */
  readonly redacted?: Readonly<Record<string, number>>
}

const LF = Buffer.from('\n')

/**
 * Takes the lines of one file through the very steps the agent takes them through, but for the store: split, frame, join, parse,
 * process.
 */
export class RecordRun {
  readonly #source: WorkingSource
  readonly #report: (report: RecordReport) => void
  readonly #readMs: () => number
  readonly #sink: RecordSink
  readonly #processing: Processing | undefined
  readonly #splitter = new LineSplitter()
  readonly #text = new NdjsonBuffer(4096)
  readonly #facts = createEntryFacts()
  readonly #work = new WorkingEntry()
  #rest: Buffer = Buffer.alloc(0)
  #offset = 0

  constructor(
    source: WorkingSource,
    context: LineContext,
    deps: { report: (report: RecordReport) => void; readMs: () => number },
  ) {
    this.#source = source
    this.#report = deps.report
    this.#readMs = deps.readMs
    const { parse, multiline } = source
    this.#processing = source.process.length > 0 ? createProcessing(source.process, context) : undefined
    const frames = framesOf(parse)
    this.#sink = new RecordSink(multiline, {
      frames,
      isFramed: frames.length === 1,
      createStream: (isInFrame) => new RecordStream({ parse, join: multiline.join, isInFrame }, context),
      take: (record, about) => this.#take(record, about),
      drop: () => {},
      hold: () => {},
      monotonicMs: () => 0, // No record is timed out: the whole of the file is here.
    })
  }

  /** The next bytes of the file. */
  push(bytes: Buffer): void {
    const text = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    const window = { bytes: text, start: 0, end: text.length, offset: this.#offset, readMs: this.#readMs() }
    const { maxLineBytes } = this.#source
    const taken = this.#splitter.split(window, this.#sink, { maxLineBytes, isContinued: false })
    this.#sink.settle()
    this.#offset += taken
    this.#rest = Buffer.from(text.subarray(taken))
  }

  /** The file is at its end. */
  end(): void {
    if (this.#rest.length > 0) this.push(LF)
    this.#sink.finish()
    this.#processing?.collect(Number.POSITIVE_INFINITY, (entry) => {
      this.#report({ entry, parser: 'process', why: 'made by a step', lines: [] })
    })
  }

  #take(record: Line, { stream }: RecordAbout): boolean {
    const text = this.#text
    text.clear()
    const lines = record.bytes.toString('utf8', record.start, record.end).split('\n')
    stream.parse(record, text, this.#facts)
    const { frame } = this.#sink
    const parser = frame === undefined ? stream.lastFormat : `${frame}: ${stream.lastFormat}`
    const about = { parser, why: stream.isAuto ? 'auto' : 'configured', lines }
    const work = this.#work
    work.begin(text, 0, this.#facts)
    const verdict = this.#processing?.apply(work) ?? 'keep'
    const redacted = this.#processing?.redacted()
    const by = this.#processing?.droppedBy
    this.#report({
      entry: work.object,
      ...about,
      ...(verdict !== 'keep' && { dropped_by: by ? `${by.kind} (process[${by.index}])` : verdict }),
      ...(redacted && { redacted }),
    })
    return true
  }
}
