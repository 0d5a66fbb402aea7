import type { ChunkEncoding } from '../store/chunk.ts'

/** One request's worth of entries. */
export interface Batch {
  /** `<buffer id>/<seq>`, or `<buffer id>/<seq>/<from>-<to>` for part of a chunk (entries counted from 0, `to` excluded). The same key always names the same bytes. */
  readonly key: string
  readonly entries: number
  readonly encoding: ChunkEncoding
  readonly body: Buffer
}

/** What a destination said of a batch. */
export type Verdict =
  /** It has the entries now; also when it had them already (409). */
  | { readonly kind: 'accepted'; readonly status?: number }
  /** Try the same bytes again, for ever; not before `afterMs`. `isOperatorFault`: a person must act (401, 404, TLS …), so retry slowly and say so in /health. */
  | {
      readonly kind: 'retry'
      readonly reason: string
      readonly status?: number
      readonly afterMs?: number
      readonly isOperatorFault?: boolean
      /** What was said or what broke, in full, for people. `reason` is a short word, for metrics. */
      readonly detail?: string
    }
  /** Too many bytes at once (413): halve. `answer` as below. */
  | { readonly kind: 'too_large'; readonly status?: number; readonly answer?: string }
  /** Something inside is refused for good: bisect until it stands alone. `answer`: what the destination said, cut to 4 KiB. */
  | { readonly kind: 'refused'; readonly status: number; readonly answer: string }

/** A place that entries go to. */
export interface Destination {
  /** Sends a batch; never rejects but when `signal` aborts. */
  send(batch: Batch, signal: AbortSignal): Promise<Verdict>
  /** Lets go of connections and files. */
  close(): Promise<void>
}
