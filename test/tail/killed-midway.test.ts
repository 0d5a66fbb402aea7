import { renameSync, utimesSync } from 'node:fs'
import t from 'tap'
import { copyTruncate, createRig, gzipInPlace, lines, type TailRig, texts } from './tail-rig.ts'

/** What the kill storm (`test/crash.test.ts`) found, each told in a few steps. */

const GLOBS = ['app.log', 'app.log*']

/** `app.log` was read and then rotated twice and compressed while nobody looked: `app.log.1.gz` holds three lines of b. */
async function rotatedTwice(rig: TailRig): Promise<void> {
  rig.write('app.log', lines('a', 1))
  await rig.take()
  renameSync(rig.path('app.log'), rig.path('app.log.2'))
  rig.write('app.log', lines('b', 3))
  renameSync(rig.path('app.log'), rig.path('app.log.1'))
  gzipInPlace(rig.path('app.log.1'))
  rig.write('app.log', lines('c', 1))
}

t.test('a compressed file of which nothing was stored before a crash is unpacked, not read as it is', async (t) => {
  for (const glob of GLOBS) {
    const rig = createRig(t, { sources: [{ include: [glob] }] })
    await rotatedTwice(rig)
    rig.discover()
    rig.look()
    rig.commit()
    rig.crash()
    t.same((await rig.take()).sort(), [...texts('b', 3), 'c 1'], glob)
  }
})

t.test('a compressed file of which some was stored before a crash is read on, not given up', async (t) => {
  for (const glob of GLOBS) {
    const rig = createRig(t, { sources: [{ include: [glob] }] })
    await rotatedTwice(rig)
    rig.discover()
    rig.look()
    while (!rig.pending.some(({ text }) => text === 'b 1')) await rig.read(1)
    rig.commit()
    const before = rig.stored.splice(0).map(({ text }) => text)
    t.notOk(before.includes('b 3'), `${glob}: it is in the middle of it`)
    rig.crash()
    t.same([...before, ...(await rig.take())].sort(), [...texts('b', 3), 'c 1'], glob)
  }
})

t.test('a file that is compressed and removed before a line of it was stored is not read twice', async (t) => {
  for (const isRead of [false, true]) {
    const rig = createRig(t, { sources: [{ include: ['app.log'] }] })
    rig.write('app.log', lines('a', 3))
    rig.discover()
    rig.look()
    if (isRead) await rig.read()
    renameSync(rig.path('app.log'), rig.path('app.log.1'))
    gzipInPlace(rig.path('app.log.1'))
    rig.write('app.log', lines('b', 1))
    t.same((await rig.take()).sort(), [...texts('a', 3), 'b 1'], isRead ? 'read' : 'not read')
  }
})

t.test('two copytruncates between two looks are both read, also when a look comes before the next read', async (t) => {
  const rig = createRig(t, { sources: [{ include: ['app.log'] }] })
  rig.write('app.log', lines('a', 9))
  t.same(await rig.take(), texts('a', 9))
  const [first, second] = [Date.now() / 1000 + 1, Date.now() / 1000 + 2]
  copyTruncate(rig.path('app.log'), rig.path('app.log.2'))
  utimesSync(rig.path('app.log.2'), first, first)
  rig.write('app.log', lines('b', 2))
  copyTruncate(rig.path('app.log'), rig.path('app.log.1'))
  utimesSync(rig.path('app.log.1'), second, second)
  rig.write('app.log', lines('c', 1))
  utimesSync(rig.path('app.log'), second + 1, second + 1)
  rig.look()
  t.same((await rig.take()).sort(), [...texts('b', 2), 'c 1'])
})
