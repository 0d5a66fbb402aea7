import { execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import t from 'tap'
import { decodePart, encodePart, type HistoryColumn } from '../../src/store/series/history-codec.ts'
import { HISTORY_FILE } from '../../src/store/series/history-schema.ts'
import { seriesKey } from '../../src/store/series/series.ts'
import { SeriesStore } from '../../src/store/series/series-store.ts'
import { NOW_MS, noise, tempDir } from './buffer-fixture.ts'
import { damages } from './damage.ts'
import { contents, gauge, HOUR, historyRig, type Labels, MINUTE, told } from './series-fixture.ts'

t.setTimeout(120_000)

const START = NOW_MS - 7
const numbers = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.integer({ min: -1e9, max: 1e9 }).map((n) => n / 100),
  fc.constantFrom(
    0,
    -0,
    0.1,
    0.005,
    1e-9,
    2 ** 51,
    2 ** 53,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ),
)
const column = (id: number): fc.Arbitrary<HistoryColumn> =>
  fc
    .tuple(
      fc.array(fc.record({ gap: fc.integer({ min: 0, max: 1e6 }), value: numbers, isStale: fc.boolean() }), {
        maxLength: 9,
      }),
      fc.boolean(),
    )
    .map(([samples, isFlat]) => {
      let tMs = START
      const times = samples.map(({ gap }) => {
        tMs += gap + 1
        return tMs
      })
      const isStale = samples.map(({ isStale }) => isStale)
      const values = samples.map(({ value }, i) =>
        isStale[i] ? Number.NaN : isFlat ? (samples[0]?.value ?? 0) : value,
      )
      return { id, times, values, isStale }
    })

t.test('a part of the history comes back to the last bit', (t) => {
  const columns = fc
    .array(fc.integer({ min: 1, max: 1e9 }), { maxLength: 40 })
    .chain((ids) => fc.tuple(...ids.map(column)))
  fc.assert(
    fc.property(columns, (columns) => {
      const back = decodePart(encodePart(columns, START), START) ?? []
      return (
        back.length === columns.length &&
        back.every((one, i) => {
          const { id, times, values, isStale } = columns[i] ?? { id: 0, times: [], values: [], isStale: [] }
          return (
            one.id === id &&
            String(one.times) === String(times) &&
            String(one.isStale) === String(isStale) &&
            one.values.length === values.length &&
            one.values.every((value, n) => Object.is(value, values[n]))
          )
        })
      )
    }),
    { numRuns: 500 },
  )
  t.pass()
  t.end()
})

t.test('a part of which a byte was changed is not read', (t) => {
  const columns = Array.from({ length: 60 }, (_, i) => ({ ...{ id: i * 3, times: [START + 5, START + 90] }, ...{ values: [i / 7, i], isStale: [false, false] } })) // biome-ignore format: a table
  const part = encodePart(columns, START)
  for (let at = 0; at < part.length; at++) {
    const damaged = Buffer.from(part)
    damaged[at] = (damaged[at] ?? 0) ^ 0x11
    if (decodePart(damaged, START) !== undefined) t.fail(`byte ${at}`)
    if (decodePart(part.subarray(0, at), START) !== undefined) t.fail(`cut at ${at}`)
  }
  for (let seed = 1; seed < 200; seed++) t.equal(decodePart(noise(seed * 3, seed), START), undefined)
  t.end()
})

t.test('of each step the last sample is kept, with its time, and comes back at a restart', async (t) => {
  const rig = await historyRig(t)
  for (let tMs = NOW_MS + 15_000; tMs <= NOW_MS + 5 * MINUTE; tMs += 15_000) {
    rig.scrape(tMs, gauge('a', [{}, (tMs - NOW_MS) / 1000]), gauge('b', [{ x: 'é\n"' }, Number.NaN]))
  }
  rig.history.flushOnce(NOW_MS + 5 * MINUTE + 9000)
  rig.scrape(NOW_MS + 5 * MINUTE + 10_000, gauge('a', [{}, Number.NEGATIVE_INFINITY]))
  await rig.restart()
  const a = { instance: 'h', job: 'node' }
  t.same(contents(rig.store), {
    [seriesKey('a', a)]: ['gauge', [...[1, 2, 3, 4, 5].map((m) => [NOW_MS + m * MINUTE, m * 60]), [NOW_MS + 5 * MINUTE + 10_000, Number.NEGATIVE_INFINITY]]], // biome-ignore format: a table
    [seriesKey('b', { ...a, x: 'é\n"' })]: ['gauge', [...[1, 2, 3, 4, 5].map((m) => [NOW_MS + m * MINUTE, Number.NaN]), [NOW_MS + 5 * MINUTE + 10_000, 'stale']]], // biome-ignore format: a table
  })
  await rig.restart()
  t.equal(rig.store.stats().samples, 12, 'what was restored is not written again')
  t.same(rig.warnings, [])
})

t.test('whatever labels and values there are come back', async (t) => {
  const text = fc.oneof(fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }), fc.constantFrom('\ud800', '\u0000', '"', '\\', '__proto__')) // biome-ignore format: a table
  const samples = fc.uniqueArray(fc.tuple(text, numbers), { selector: ([value]) => value, maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(samples, async (samples) => {
      const rig = await historyRig(t)
      rig.scrape(NOW_MS + 1000, gauge('m', ...samples.map(([x, value]): [Labels, number] => [{ x }, value])))
      const before = contents(rig.store)
      await rig.restart()
      rig.history.close(NOW_MS + MINUTE)
      t.strictSame(contents(rig.store), before)
    }),
    { numRuns: 25 },
  )
})

t.test('at a restart each name gets back what its rules need, and nothing older', async (t) => {
  const rig = await historyRig(t)
  for (let minute = 1; minute <= 300; minute++) {
    rig.scrape(NOW_MS + minute * MINUTE, gauge('a', [{}, minute]), gauge('needed', [{}, minute]))
    if (minute % 5 === 0) rig.history.flushOnce(rig.clock.nowAt)
  }
  rig.history.close(rig.clock.nowAt)
  const again = await historyRig(t, { dataDir: rig.dir })
  again.store.setNeeds(new Map([['needed', 4 * HOUR]]))
  again.clock.nowAt = rig.clock.nowAt
  await again.history.restore(again.clock.nowAt)
  t.same(again.store.select('a').flatMap(told).map(([, value]) => value), Array.from({ length: 60 }, (_, i) => 241 + i)) // biome-ignore format: a table
  t.equal(again.store.select('needed')[0]?.samples.length, 240)
})

t.test('blocks leave by age, and by size', async (t) => {
  const rig = await historyRig(t, { historyMs: 2 * HOUR, maxBytes: 2 ** 30 })
  const flushes = async (count: number, from: number) => {
    for (let i = 1; i <= count; i++) {
      const family = gauge(
        'm',
        ...Array.from({ length: 200 }, (_, n): [Labels, number] => [{ n, era: from }, Math.sin(n * i)]),
      )
      rig.scrape(NOW_MS + from * HOUR + i * 5 * MINUTE, family)
      rig.history.flushOnce(rig.clock.nowAt)
    }
  }
  await flushes(60, 0)
  const times = rig.history.blocks(0, Number.MAX_SAFE_INTEGER).map(({ toMs }) => toMs)
  t.equal(times[0], rig.clock.nowAt - 2 * HOUR)
  t.equal(times.length, 25)
  await flushes(60, 20)
  // Those of the time before end with a staleness marker in the first block of the next.
  await flushes(60, 40)
  t.equal(rig.history.seriesOf('m')?.series.length, 400, 'series that no block has are forgotten')
  const { bytes } = rig.history.stats()
  await rig.restart()
  t.ok(bytes < 1_500_000, `${bytes} bytes: space is used again`)

  const small = await historyRig(t, { maxBytes: 2 ** 20 })
  rig.history.close(0)
  for (let i = 1; i <= 300; i++) {
    small.scrape(
      NOW_MS + i * MINUTE,
      gauge('m', ...Array.from({ length: 1000 }, (_, n): [Labels, number] => [{ n }, Math.sin(n * i)])),
    )
    small.history.flushOnce(small.clock.nowAt)
  }
  t.ok(small.history.stats().bytes < 1.3 * 2 ** 20, `${small.history.stats().bytes} bytes`)
  t.ok(small.history.blocks(0, Number.MAX_SAFE_INTEGER).length > 25, 'the newest are kept')
  t.equal(small.history.blocks(0, Number.MAX_SAFE_INTEGER).at(-1)?.toMs, small.clock.nowAt)
  await small.restart()
  t.ok(small.store.stats().samples > 25_000, 'and read')
})

t.test('a clock that was wrong spoils nothing', async (t) => {
  const rig = await historyRig(t)
  for (const minute of [1, 2, 40]) {
    rig.scrape(NOW_MS + minute * MINUTE, gauge('a', [{}, minute]))
    rig.history.flushOnce(NOW_MS + minute * MINUTE)
  }
  rig.store.forgetAfter(NOW_MS + 2 * MINUTE)
  for (const minute of [3, 4]) {
    rig.scrape(NOW_MS + minute * MINUTE, gauge('a', [{}, minute]))
    rig.history.flushOnce(NOW_MS + minute * MINUTE)
  }
  await rig.restart()
  t.same(rig.store.select('a').map(told), [[1, 2, 3, 4].map((minute) => [NOW_MS + minute * MINUTE, minute])])
  rig.scrape(NOW_MS + 5 * MINUTE, gauge('a', [{}, 5]))
  await rig.restart()
  t.equal(rig.store.select('a')[0]?.samples.length, 5)
})

t.test('what a locked file refuses waits, is written later, and beyond a bound is dropped and counted', async (t) => {
  const rig = await historyRig(t)
  const family = gauge('m', ...Array.from({ length: 9000 }, (_, n): [Labels, number] => [{ n }, n]))
  rig.scrape(NOW_MS + MINUTE, family)
  rig.history.flushOnce(rig.clock.nowAt)
  const other = new Database(join(rig.dir, HISTORY_FILE))
  other.exec('BEGIN IMMEDIATE')
  for (let minute = 2; minute <= 30; minute++) {
    rig.scrape(NOW_MS + minute * MINUTE, family)
    rig.history.flushOnce(rig.clock.nowAt)
  }
  const { waiting, dropped, failures } = rig.history.stats()
  t.ok(waiting <= 200_000 && waiting > 180_000, `${waiting} waiting`)
  t.equal(waiting + dropped, 29 * 9000)
  t.ok((failures.get('busy') ?? 0) >= 29)
  other.exec('ROLLBACK')
  other.close()
  rig.history.flushOnce(rig.clock.nowAt)
  t.equal(rig.history.stats().waiting, waiting - 4 * 9000, 'a few at a time')
  for (let i = 0; i < 6; i++) rig.history.flushOnce(rig.clock.nowAt)
  t.match(rig.history.stats(), { waiting: 0, dropped })
  t.equal(rig.history.blocks(0, Number.MAX_SAFE_INTEGER).length, 1 + waiting / 9000)
})

for (const { name, inflict } of damages('parts').filter(({ rowsIn }) => rowsIn === 'file')) {
  t.test(`a series.db whose ${name} costs the history, not the start`, async (t) => {
    const rig = await historyRig(t)
    for (let minute = 1; minute <= 60; minute++) {
      rig.scrape(NOW_MS + minute * MINUTE, gauge('m', ...Array.from({ length: 500 }, (_, n): [Labels, number] => [{ n }, Math.sin(n * minute)]))) // biome-ignore format: a table
      rig.history.flushOnce(rig.clock.nowAt)
    }
    rig.history.close(rig.clock.nowAt)
    inflict(join(rig.dir, HISTORY_FILE))
    const again = await historyRig(t, { dataDir: rig.dir })
    again.clock.nowAt = rig.clock.nowAt
    again.scrape(NOW_MS + 61 * MINUTE, gauge('m', [{ n: 'new' }, 1]))
    again.history.flushOnce(NOW_MS + 61 * MINUTE)
    again.history.flushOnce(NOW_MS + 62 * MINUTE)
    await again.restart()
    t.ok(
      again.store.select('m', [{ label: 'n', equals: 'new', matches: (v) => v === 'new' }]).length === 1,
      'it goes on',
    )
    // SQLite takes an empty file for a new one.
    t.equal(existsSync(join(rig.dir, 'quarantine')), name !== 'file is emptied')
  })
}

t.test('a series.db that a newer agent wrote is left alone, and nothing is kept', async (t) => {
  const rig = await historyRig(t)
  rig.scrape(NOW_MS + MINUTE, gauge('a', [{}, 1]))
  rig.history.close(rig.clock.nowAt)
  const db = new Database(join(rig.dir, HISTORY_FILE))
  db.pragma('user_version = 99')
  db.close()
  const again = await historyRig(t, { dataDir: rig.dir })
  again.scrape(NOW_MS + MINUTE, gauge('a', [{}, 1]))
  again.history.flushOnce(NOW_MS + 5 * MINUTE)
  again.history.close(NOW_MS + 5 * MINUTE)
  t.same([...again.history.stats().failures], [['newer_schema', 1]])
  t.same(again.warnings, ['Cannot keep a history of series: a newer agent wrote it'])
  t.notOk(existsSync(join(rig.dir, 'quarantine')))
  const after = new Database(join(rig.dir, HISTORY_FILE), { readonly: true })
  t.equal(after.pragma('user_version', { simple: true }), 99)
  t.equal(after.prepare('SELECT count(*) FROM blocks').pluck().get(), 1)
  after.close()
})

t.test('a folder that cannot be written to costs the history, not the agent', async (t) => {
  const rig = await historyRig(t, { dataDir: join(tempDir(t), 'missing') })
  rig.scrape(NOW_MS + MINUTE, gauge('a', [{}, 1]))
  rig.history.flushOnce(NOW_MS + MINUTE)
  t.match(rig.history.stats(), { waiting: 1, dropped: 0 })
  t.ok(rig.history.stats().failures.size > 0)
  mkdirSync(rig.dir)
  rig.history.flushOnce(NOW_MS + 2 * MINUTE)
  t.match(rig.history.stats(), { waiting: 0 })
})

const isRoot = process.getuid?.() === 0
if (!isRoot && process.env.CI !== undefined) throw new Error('Cannot test a full disk: needs root, to mount a tmpfs')
t.test(
  'a full disk costs what does not fit, and the rest is written when there is room',
  { skip: !isRoot && 'needs root' },
  async (t) => {
    const dir = tempDir(t)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', dir])
    t.teardown(() => execFileSync('umount', ['-l', dir]))
    const rig = await historyRig(t, { dataDir: dir })
    let minute = 0
    const tick = () => {
      rig.scrape(NOW_MS + ++minute * MINUTE, gauge('m', ...Array.from({ length: 2000 }, (_, n): [Labels, number] => [{ n }, Math.sin(n * minute)]))) // biome-ignore format: a table
      rig.history.flushOnce(rig.clock.nowAt)
    }
    while (minute < 30) tick()
    t.ok((rig.history.stats().failures.get('full') ?? 0) > 0)
    t.ok(rig.history.stats().waiting > 0)
    execFileSync('mount', ['-o', 'remount,size=30m', dir])
    while (minute < 50) tick()
    t.match(rig.history.stats(), { waiting: 0, dropped: 0 })
    await rig.restart()
    t.equal(rig.store.stats().samples, 50 * 2000, 'everything is there')
  },
)

t.test('a process that is killed at any moment leaves a file that can be used', async (t) => {
  const dir = tempDir(t)
  let samples = 0
  for (let round = 0; round < 12; round++) {
    const child = fork(join(import.meta.dirname, 'series-writer.ts'), [dir, String(round)], {
      stdio: 'ignore',
      ...{ serialization: 'json' },
    })
    const exited = once(child, 'exit')
    // Each message: one more flush is done. The kill meets the next one somewhere in the middle.
    let flushes = 0
    child.on('message', () => {
      if (++flushes === 2 + (round % 5)) setImmediate(() => child.kill('SIGKILL'))
    })
    const [, signal] = await exited
    t.equal(signal, 'SIGKILL', `round ${round}`)
    const rig = await historyRig(t, { dataDir: dir })
    t.same(rig.warnings, [])
    const kept = rig.history.blocks(0, Number.MAX_SAFE_INTEGER).length
    t.ok(kept >= samples + flushes - 1, `${kept} blocks`)
    samples = kept
    const known = rig.history.seriesOf('m')
    const whole = rig.history
      .blocks(0, Number.MAX_SAFE_INTEGER)
      .every((block) => rig.history.columns(block, known?.nameId ?? 0).length === 300)
    t.ok(whole, 'every block is whole')
    rig.history.close(0)
    const db = new Database(join(dir, HISTORY_FILE), { readonly: true })
    t.equal(db.pragma('integrity_check', { simple: true }), 'ok')
    db.close()
  }
  t.ok(statSync(join(dir, HISTORY_FILE)).size > 0)
})

t.test('it runs until it is told to stop, and writes the rest then', async (t) => {
  const rig = await historyRig(t)
  const stop = new AbortController()
  let naps = 0
  // Each nap takes until the next scrape; the third is cut short.
  rig.clock.sleep = async (ms) => {
    if (++naps === 3) stop.abort()
    rig.scrape(rig.clock.nowAt + (naps === 3 ? 1000 : ms), gauge('a', [{}, naps]))
  }
  await rig.history.run(stop.signal)
  const kept = new Database(join(rig.dir, HISTORY_FILE), { readonly: true })
  t.equal(kept.prepare('SELECT count(*) FROM blocks').pluck().get(), 3)
  kept.close()
  t.same(rig.history.blocks(0, Number.MAX_SAFE_INTEGER), [], 'it is closed')
  await rig.restart()
  t.same(rig.store.select('a').map(told), [[5, 10, 10 + 1 / 60].map((minute, i) => [NOW_MS + minute * MINUTE, i + 1])])
})

t.test('a store without a history needs none', (t) => {
  const store = new SeriesStore()
  t.equal(store.restore({ name: 'a', type: 'gauge', labels: {} }, [{ tMs: 1, value: 1, isStale: false }]), true)
  t.equal(new SeriesStore({ maxSeries: 0 }).restore({ name: 'a', type: 'gauge', labels: {} }, []), false)
  t.end()
})
