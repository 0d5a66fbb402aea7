import t from 'tap'
import { httpVerdict } from '../../src/deliver/http-verdict.ts'
import { retryAfterMs } from '../../src/deliver/retry-after.ts'
import type { FailureReason } from '../../src/net/failure.ts'

const NOW_MS = Date.UTC(2026, 0, 1)
const answer = (status: number, more = {}) => ({ kind: 'response' as const, status, body: Buffer.from('why'), ...more })

t.test('httpVerdict has one verdict for every status', async (t) => {
  const accepted = [200, 201, 202, 204, 206, 299, 409]
  const retried = [408, 425, 429, 500, 501, 502, 503, 504, 507, 520, 521, 522, 523, 524, 525, 526, 527, 599, 999]
  const operator = [300, 301, 302, 303, 304, 307, 308, 401, 403, 404, 405]
  const refused = [400, 402, 406, 407, 410, 411, 412, 414, 415, 416, 417, 421, 422, 423, 424, 426, 428, 431, 451, 499]
  for (const status of accepted) t.same(httpVerdict(answer(status), NOW_MS), { kind: 'accepted', status })
  for (const status of retried)
    t.same(httpVerdict(answer(status), NOW_MS), { kind: 'retry', reason: `http_${status}`, status, detail: 'why' })
  for (const status of operator)
    t.match(httpVerdict(answer(status), NOW_MS), { kind: 'retry', status, isOperatorFault: true })
  for (const status of refused) t.same(httpVerdict(answer(status), NOW_MS), { kind: 'refused', status, answer: 'why' })
  t.same(httpVerdict(answer(413), NOW_MS), { kind: 'too_large', status: 413, answer: 'why' })
})

t.test('httpVerdict retries every failure, and asks for a person when TLS fails', async (t) => {
  const reasons: FailureReason[] = ['connect', 'dns', 'tls', 'timeout', 'reset', 'protocol']
  for (const reason of reasons) {
    const verdict = httpVerdict({ kind: 'failed', reason, message: 'm' }, NOW_MS)
    t.same(verdict, { kind: 'retry', reason, detail: 'm', ...(reason === 'tls' && { isOperatorFault: true }) })
  }
})

t.test('httpVerdict keeps 4 KiB of what a collector says, whatever bytes it is', async (t) => {
  const verdict = httpVerdict(answer(400, { body: Buffer.alloc(60_000, 0xff) }), NOW_MS)
  t.equal(verdict.kind === 'refused' && verdict.answer.length, 4096)
})

t.test('httpVerdict carries Retry-After', async (t) => {
  t.match(httpVerdict(answer(429, { retryAfter: '7' }), NOW_MS), { afterMs: 7000 })
  t.notOk('afterMs' in httpVerdict(answer(429, { retryAfter: 'soon' }), NOW_MS))
})

t.test('retryAfterMs reads seconds and dates, and nothing else', async (t) => {
  const date = 'Thu, 01 Jan 2026 12:00:00 GMT'
  const cases: [string | undefined, string | undefined, number | undefined][] = [
    [undefined, date, undefined],
    ['', date, undefined],
    ['0', date, undefined],
    ['1', date, 1000],
    [' 30 ', date, 30_000],
    ['600', date, 600_000],
    ['601', date, 600_000],
    ['9'.repeat(400), date, 600_000],
    ['-5', date, undefined],
    ['1.5', date, undefined],
    ['1e3', date, undefined],
    ['soon', date, undefined],
    ['2027', date, 600_000],
    ['Thu, 01 Jan 2026 12:00:20 GMT', date, 20_000],
    ['Thursday, 01-Jan-26 12:00:20 GMT', date, 20_000],
    ['Thu Jan  1 12:00:20 2026', date, 20_000],
    ['Thu, 01 Jan 2026 11:59:59 GMT', date, undefined],
    ['Fri, 31 Dec 9999 23:59:59 GMT', date, 600_000],
    ['Thu, 99 Foo 2026 12:00:20 GMT', date, undefined],
    ['2026-01-01T12:00:20Z', date, undefined],
    // Without a usable Date, the agent's own clock.
    ['Thu, 01 Jan 2026 00:00:05 GMT', undefined, 5000],
    ['Thu, 01 Jan 2026 00:00:05 GMT', 'yesterday', 5000],
  ]
  for (const [value, sent, expected] of cases) {
    t.equal(retryAfterMs(value, { date: sent, nowMs: NOW_MS }), expected, `${value?.slice(0, 40)} at ${sent}`)
  }
})
