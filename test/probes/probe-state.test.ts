import fc from 'fast-check'
import t from 'tap'
import type { ProbeStatus } from '../../src/model/probe-result.ts'
import { newState, type ProbeState, statusOf, step } from '../../src/probes/probe-state.ts'

const THRESHOLDS = { failureThreshold: 3, successThreshold: 2 }
const WORDS: Record<string, ProbeStatus> = { h: 'healthy', d: 'degraded', u: 'unhealthy', '?': 'unknown' }

/** The states after each letter, h d u ?, and p for pending. */
function after(letters: string, thresholds = THRESHOLDS): string {
  let state = newState(0)
  let said = ''
  for (const [index, letter] of [...letters].entries()) {
    const status = WORDS[letter] ?? 'unknown'
    state = step(state, { atMs: (index + 1) * 1000, status, message: '', seconds: 0.1 }, thresholds)
    said += statusOf(state) === 'unknown' ? '?' : statusOf(state)[0]
  }
  return said
}

t.test('so many failures in a row make a probe unhealthy, and so many successes well again', async (t) => {
  const cases: [results: string, states: string][] = [
    ['', ''],
    ['h', 'h'],
    ['hu', 'hh'],
    ['huuu', 'hhhu'],
    ['huuhuu', 'hhhhhh'],
    ['huuuhu', 'hhhuuu'],
    ['huuuhh', 'hhhuuh'],
    // A first run that failed is no proof, and no good news.
    ['uuu', 'ddu'],
    ['uh', 'dh'],
    // Degraded is a success, told at once.
    ['hdh', 'hdh'],
    ['uuudd', 'dduud'],
    // What is unknown counts as neither, and hides nothing for good.
    ['hu?uu', 'hh?hu'],
    ['uuu?h', 'ddu?u'],
    ['??h', '??h'],
  ]
  for (const [results, states] of cases) t.equal(after(results), states, results)
  t.equal(after('uh', { failureThreshold: 1, successThreshold: 1 }), 'uh')
  t.equal(statusOf(newState(0)), 'pending')
})

t.test('it tells since when it is so', async (t) => {
  let state: ProbeState = newState(500)
  const sinces: number[] = []
  for (const [index, letter] of [...'hhuuuuhh'].entries()) {
    const status = WORDS[letter] ?? 'unknown'
    state = step(state, { atMs: (index + 1) * 1000, status, message: '', seconds: 0 }, THRESHOLDS)
    sinces.push(state.sinceMs)
  }
  t.same(sinces, [1000, 1000, 1000, 1000, 5000, 5000, 5000, 8000])
})

t.test(
  'whatever the results: unhealthy only after so many failures, healthy again only after so many successes',
  async (t) => {
    const results = fc.array(fc.constantFrom(...'hdu?'), { maxLength: 40 })
    const count = fc.integer({ min: 1, max: 5 })
    fc.assert(
      fc.property(results, count, count, (letters, failureThreshold, successThreshold) => {
        const states = after(letters.join(''), { failureThreshold, successThreshold })
        for (let index = 1; index < states.length; index++) {
          const told = letters.slice(0, index + 1).filter((letter) => letter !== '?')
          const turnsBad = states[index] === 'u' && !/[u?]/.test(states[index - 1] ?? '')
          if (turnsBad && !told.slice(-failureThreshold).every((letter) => letter === 'u')) return false
          const turnsGood = states[index - 1] === 'u' && /[hd]/.test(states[index] ?? '')
          if (turnsGood && !told.slice(-successThreshold).every((letter) => letter !== 'u')) return false
        }
        return true
      }),
    )
    t.pass()
  },
)
