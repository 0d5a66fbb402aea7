import type { PostResult } from '../net/post.ts'
import type { Answer } from '../net/response-reader.ts'
import { retryAfterMs } from './retry-after.ts'
import type { Verdict } from './verdict.ts'

/**
 * What an HTTP answer, or the lack of one, means for a batch. Nothing here gives up: what is not a yes, "too much at once" or "never this" is tried
 * again for ever. A wrong URL, token or certificate is no reason to drop anything either, but a person must act, so it says so and takes its time.
 */

/** Longest piece of an answer that is kept. */
const ANSWER_CHARS = 4096

const TRY_AGAIN = new Set([408, 425, 429])
const OPERATOR_FAULT = new Set([401, 403, 404, 405])

/** `nowMs`: wall time, used only when the answer has no Date of its own to measure its Retry-After by. */
export function httpVerdict(result: PostResult, nowMs: number): Verdict {
  if (result.kind === 'failed') {
    const { reason, message } = result
    return { kind: 'retry', reason, detail: message, ...(reason === 'tls' && { isOperatorFault: true }) }
  }
  const { status } = result
  if ((status >= 200 && status < 300) || status === 409) return { kind: 'accepted', status }
  if (status === 413) return { kind: 'too_large', status, answer: textOf(result) }
  if (status >= 500 || TRY_AGAIN.has(status)) return retry(result, { reason: `http_${status}`, nowMs })
  if (status < 400) return retry(result, { reason: 'redirect', nowMs, isOperatorFault: true })
  if (OPERATOR_FAULT.has(status)) return retry(result, { reason: `http_${status}`, nowMs, isOperatorFault: true })
  return { kind: 'refused', status, answer: textOf(result) }
}

function retry(answer: Answer, why: { reason: string; nowMs: number; isOperatorFault?: true }): Verdict {
  const afterMs = retryAfterMs(answer.retryAfter, { date: answer.date, nowMs: why.nowMs })
  return {
    kind: 'retry',
    reason: why.reason,
    status: answer.status,
    detail: textOf(answer),
    ...(afterMs !== undefined && { afterMs }),
    ...(why.isOperatorFault && { isOperatorFault: true }),
  }
}

function textOf(answer: Answer): string {
  return answer.body.toString('utf8', 0, ANSWER_CHARS)
}
