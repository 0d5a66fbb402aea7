import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { NoData } from '../../src/host/collector.ts'
import { createTimexCollector, parseTimedate, parseTracking } from '../../src/host/collectors/timex.ts'
import { collected } from './samples.ts'

const TRACKING =
  'A29FC87B,162.159.200.123,4,1732508400.123456789,-0.000123456,-0.000030000,0.000200000,-5.123,0.001,0.034,0.500000000,0.250000000,64.2,Normal'
const NEVER =
  '00000000,,0,0.000000000,0.000000000,0.000000000,0.000000000,-5.123,0.000,0.000,1.000000000,1.000000000,0.0,Not synchronised'

/** Scripts in the place of the programs; one that is not given is missing. */
async function timexOf(t: Test, scripts: { chronyc?: string; timedatectl?: string }) {
  const files = Object.entries(scripts).map(([name, script]) => [name, `#!/bin/sh\n${script}\n`])
  const folder = t.testdir(Object.fromEntries(files))
  for (const name of Object.keys(scripts)) await chmod(join(folder, name), 0o755)
  return createTimexCollector({ chronyc: join(folder, 'chronyc'), timedatectl: join(folder, 'timedatectl') })
}

t.test('chrony tells whether the clock is in step, and by how much it may be wrong', async (t) => {
  const chronyc = `[ "$*" = "-n -c tracking" ] && echo '${TRACKING}'`
  const values = await collected(await timexOf(t, { chronyc, timedatectl: 'echo NTPSynchronized=no' }))
  t.same(values, {
    node_timex_sync_status: 1,
    node_timex_offset_seconds: -0.000123456,
    node_timex_maxerror_seconds: 0.5,
    node_timex_estimated_error_seconds: 0.0002,
  })
})

t.test('chrony that has never been in step tells only that', async (t) => {
  t.same(await collected(await timexOf(t, { chronyc: `echo '${NEVER}'` })), { node_timex_sync_status: 0 })
})

const others: Record<string, string | undefined> = {
  'is not there': undefined,
  'has no daemon': 'echo "506 Cannot talk to daemon"; exit 1',
  'prints garbage': 'head -c 3000 /dev/urandom',
  'prints without end': 'exec yes',
}
for (const [what, chronyc] of Object.entries(others)) {
  t.test(`timedatectl is asked when chronyc ${what}`, async (t) => {
    for (const [word, status] of [
      ['yes', 1],
      ['no', 0],
    ] as const) {
      const scripts = { ...(chronyc !== undefined && { chronyc }), timedatectl: `echo NTPSynchronized=${word}` }
      t.same(await collected(await timexOf(t, scripts)), { node_timex_sync_status: status })
    }
  })
}

t.test('a clock that nobody tells of is not made up', async (t) => {
  await t.rejects(collected(await timexOf(t, {})), NoData)
  await t.rejects(
    collected(
      await timexOf(t, {
        chronyc: 'exit 1',
        timedatectl: 'echo "System has not been booted with systemd" >&2; exit 1',
      }),
    ),
    NoData,
  )
  await t.rejects(collected(await timexOf(t, { timedatectl: 'echo NTPSynchronized=' })), NoData)
})

t.test('programs that hang are given up on abort', async (t) => {
  const timex = await timexOf(t, { chronyc: 'exec sleep 60', timedatectl: 'echo NTPSynchronized=yes' })
  await t.rejects(collected(timex, AbortSignal.timeout(200)), { name: 'TimeoutError' })
})

t.test('answers in another form are none', (t) => {
  const bad = [
    '',
    ',',
    TRACKING.replace('Normal', 'Fine'),
    TRACKING.replace('0.5', 'NaN'),
    `${TRACKING},1`,
    TRACKING.slice(3, 60),
  ]
  for (const text of bad) t.equal(parseTracking(text), undefined, text)
  t.match(parseTracking(TRACKING.replace('Normal', 'Insert second')), { isSynchronised: true })
  for (const text of ['', 'NTPSynchronized=maybe', 'xNTPSynchronized=yes'])
    t.equal(parseTimedate(text), undefined, text)
  t.end()
})
