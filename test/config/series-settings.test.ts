import t from 'tap'
import { seriesSetting } from '../../src/config/series-settings.ts'

t.test('without settings an hour is kept in memory and a week on disk', (t) => {
  t.strictSame(seriesSetting().parse(undefined), {
    ...{ retentionMs: 3_600_000, maxBytes: 64 * 2 ** 20 },
    intervalMs: 15_000,
    ...{ historyMs: 604_800_000, historyStepMs: 60_000, historyMaxBytes: 256 * 2 ** 20 },
  })
  t.end()
})

t.test('the history can be turned off', (t) => {
  t.match(seriesSetting().parse({ history: '0s' }), { historyMs: 0 })
  t.end()
})

for (const [name, value] of Object.entries({
  retention: '1m',
  max_bytes: '64',
  history: 'never',
  history_step: '10ms',
  history_max_bytes: '1KiB',
  histroy: '7d',
})) {
  t.test(`metrics.${name} is not ${value}`, (t) => {
    t.equal(seriesSetting().safeParse({ [name]: value }).success, false)
    t.end()
  })
}

t.test('a step longer than the history is refused', (t) => {
  t.equal(seriesSetting().safeParse({ history: '1m', history_step: '5m' }).success, false)
  t.end()
})
