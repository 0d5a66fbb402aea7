import { randomBytes } from 'node:crypto'
import {
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { copyTruncate, createRig, gzipInPlace, lines, texts } from './tail-rig.ts'

t.test('a renamed file is read to its end and beyond, while its writer still holds it', async (t) => {
  const rig = createRig(t)
  rig.write('app.log', lines('a', 2))
  t.same(await rig.take(), texts('a', 2))
  rig.write('app.log', lines('a', 1, 3)) // Not read before the rotation.
  const writer = openSync(rig.path('app.log'), 'a')
  renameSync(rig.path('app.log'), rig.path('app.log.1'))
  rig.write('app.log', lines('b', 1))
  t.same(await rig.take(), ['a 3', 'b 1'], 'what was written earlier is read earlier')
  writeSync(writer, lines('late', 1))
  rig.clock.advance(59_000)
  rig.write('app.log', lines('b', 1, 2))
  t.same((await rig.take()).sort(), ['b 2', 'late 1'])
  closeSync(writer)
  rig.clock.advance(60_000)
  t.same(await rig.take(), [])
  t.equal(rig.status.files.rotated, 0, 'held for rotate_wait, then let go')
  t.equal(rig.source.stats.rotations.rename, 1)
})

t.test('an unfinished line of a renamed file is handed over, marked, when the file is let go', async (t) => {
  const rig = createRig(t)
  rig.write('app.log', 'whole\nhalf')
  t.same(await rig.take(), ['whole'])
  renameSync(rig.path('app.log'), rig.path('app.log.1'))
  rig.write('app.log', 'new\n')
  t.same(await rig.take(), ['new'])
  rig.clock.advance(60_001)
  await rig.step()
  t.match(rig.pending, [{ text: 'half', isPartial: true, offset: 6 }])
  rig.commit()
  rig.restart()
  await rig.step()
  t.same(rig.pending, [])
})

t.test('an unfinished line of a renamed file is handed over whole when its writer completes it in time', async (t) => {
  const rig = createRig(t)
  rig.write('app.log', 'ha')
  await rig.take()
  renameSync(rig.path('app.log'), rig.path('app.log.1'))
  await rig.take()
  rig.write('app.log.1', 'lf\n')
  await rig.step()
  t.match(rig.pending, [{ text: 'half', isPartial: false }])
})

for (const { name, glob } of [
  { name: 'under a glob that does not match its new name', glob: 'app.log' },
  { name: 'under a glob that matches its new name too', glob: 'app.log*' },
]) {
  t.test(`a rename ${name}, found by discover() before look(), loses and repeats nothing`, async (t) => {
    const rig = createRig(t, { sources: [{ include: [glob] }] })
    rig.write('app.log', lines('a', 2))
    t.same(await rig.take(), texts('a', 2))
    renameSync(rig.path('app.log'), rig.path('app.log.1'))
    rig.write('app.log', lines('b', 2))
    rig.clock.wallAheadMs = 10_000 // The folder counts as settled: it is listed once, and not again.
    rig.discover()
    rig.discover()
    rig.look()
    await rig.read()
    t.same(
      rig.pending.map(({ text }) => text),
      texts('b', 2),
    )
  })
}

t.test('a renamed file that is found again under its new name leaves the new file at its old name alone', async (t) => {
  const rig = createRig(t, { sources: [{ include: ['app.log*'] }] })
  rig.write('app.log', lines('a', 1))
  await rig.take()
  renameSync(rig.path('app.log'), rig.path('app.log.1'))
  rig.write('app.log', lines('b', 1))
  rig.look()
  t.same(await rig.take(), ['b 1'])
  rig.write('app.log', lines('b', 1, 2))
  rig.write('app.log.1', lines('a', 1, 2))
  t.same((await rig.take()).sort(), ['a 2', 'b 2'])
  t.equal(rig.status.files.live, 2)
})

t.test('several rotations between two looks are all read, oldest first', async (t) => {
  const rig = createRig(t)
  rig.write('app.log', lines('a', 1))
  t.same(await rig.take(), ['a 1'])
  for (const name of ['b', 'c', 'd']) {
    if (rig.names().includes('app.log.2')) renameSync(rig.path('app.log.2'), rig.path('app.log.3'))
    if (rig.names().includes('app.log.1')) renameSync(rig.path('app.log.1'), rig.path('app.log.2'))
    renameSync(rig.path('app.log'), rig.path('app.log.1'))
    rig.write('app.log', lines(name, 2))
  }
  t.same((await rig.take()).sort(), [...texts('b', 2), ...texts('c', 2), ...texts('d', 2)])
  t.equal(rig.source.stats.rotations.intermediate, 2)
})

t.test('files rotated while the agent was stopped are found by what is in them, and those between too', async (t) => {
  for (const isCompressed of [false, true]) {
    const rig = createRig(t)
    rig.write('app.log', lines('a', 2))
    t.same(await rig.take(), texts('a', 2))
    rig.write('app.log', lines('a', 1, 3))
    renameSync(rig.path('app.log'), rig.path('app.log.2'))
    rig.write('app.log.1', lines('b', 2))
    rig.write('app.log', lines('c', 2))
    if (isCompressed) for (const name of ['app.log.1', 'app.log.2']) gzipInPlace(rig.path(name))
    rig.restart()
    t.same(
      (await rig.take()).sort(),
      ['a 3', ...texts('b', 2), ...texts('c', 2)],
      isCompressed ? 'compressed' : 'plain',
    )
    rig.restart()
    t.same(await rig.take(), [], 'once')
  }
})

t.test('intermediate files are read in the order they were written', async (t) => {
  const rig = createRig(t)
  rig.write('app.log', lines('a', 1))
  await rig.take()
  rig.restart()
  renameSync(rig.path('app.log'), rig.path('app.log.9'))
  for (const name of ['3', '2', '1']) {
    rig.write(`app.log.${name}`, lines(`r${name}`, 1))
    await new Promise((resolve) => setTimeout(resolve, 15)) // File times move by the tick.
  }
  rig.write('app.log', lines('live', 1))
  const taken = await rig.take()
  t.same(
    taken.filter((text) => text.startsWith('r')),
    ['r3 1', 'r2 1', 'r1 1'],
  )
})

t.test('a file rotated before anything of it was stored, and compressed, is read after a crash', async (t) => {
  const rig = createRig(t)
  rig.write('app.log', '')
  await rig.step()
  rig.commit()
  rig.write('app.log', lines('a', 3))
  await rig.step()
  rig.tailer.takeCheckpoints() // Never stored.
  renameSync(rig.path('app.log'), rig.path('app.log.1'))
  rig.write('app.log', lines('b', 1))
  await rig.step()
  gzipInPlace(rig.path('app.log.1'))
  rig.crash()
  t.same((await rig.take()).sort(), [...texts('a', 3), 'b 1'])
})

t.test('a file rotated and let wait with nothing of it stored, then compressed, is read after a crash', async (t) => {
  const rig = createRig(t)
  rig.write('app.log', lines('a', 3))
  rig.discover()
  rig.look()
  rig.commit() // Known, and nothing of it is read: the store was full.
  renameSync(rig.path('app.log'), rig.path('app.log.1'))
  rig.write('app.log', lines('b', 1))
  rig.look()
  rig.commit()
  gzipInPlace(rig.path('app.log.1'))
  rig.crash()
  t.same((await rig.take()).sort(), [...texts('a', 3), 'b 1'])
})

t.test('copytruncate: the copy is not read again, and what was not read yet is read from it', async (t) => {
  for (const glob of ['app.log', 'app.log*']) {
    const rig = createRig(t, { sources: [{ include: [glob] }] })
    rig.write('app.log', lines('a', 3))
    t.same(await rig.take(), texts('a', 3))
    rig.write('app.log', lines('a', 2, 4))
    copyTruncate(rig.path('app.log'), rig.path('app.log.1'))
    rig.write('app.log', lines('b', 1))
    t.same((await rig.take()).sort(), ['a 4', 'a 5', 'b 1'], glob)
    rig.restart()
    t.same(await rig.take(), [], `${glob}, after a restart`)
    t.equal(
      rig.said.some((text) => text.startsWith('A file was truncated and no copy')),
      false,
    )
  }
})

t.test(
  'copytruncate, grown beyond its old size before anyone looked, is seen by the bytes before the offset',
  async (t) => {
    for (const glob of ['app.log', 'app.log*']) {
      const rig = createRig(t, { sources: [{ include: [glob] }] })
      rig.write('app.log', lines('a', 300))
      t.equal((await rig.take()).length, 300)
      rig.write('app.log', lines('a', 1, 301))
      copyTruncate(rig.path('app.log'), rig.path('app.log.1'))
      rig.write('app.log', lines('bb', 400))
      t.same((await rig.take()).sort(), ['a 301', ...texts('bb', 400)].sort(), glob)
      t.equal(rig.source.stats.truncations.overlap, 1)
    }
  },
)

t.test('a copy in the making is not taken for a new file', async (t) => {
  const rig = createRig(t, { sources: [{ include: ['app.log*'] }] })
  const text = lines('a', 5)
  rig.write('app.log', text)
  t.same(await rig.take(), texts('a', 5))
  rig.write('app.log.1', '') // cp has opened it, …
  t.same(await rig.take(), [])
  rig.write('app.log.1', text.slice(0, 9)) // … written some, …
  t.same(await rig.take(), [])
  rig.write('app.log.1', text.slice(9)) // … all of it.
  truncateSync(rig.path('app.log'))
  rig.write('app.log', lines('b', 1))
  t.same(await rig.take(), ['b 1'])
})

t.test(
  'files with names that look rotated, which all begin with the same two KiB, are no copies of each other',
  async (t) => {
    const rig = createRig(t, { sources: [{ include: ['worker*.log'] }] })
    const banner = lines('# banner', 200)
    rig.write('worker.log', `${banner}${lines('a', 50)}`)
    t.equal((await rig.take()).length, 250)
    rig.write('worker-1.log', `${banner}${lines('b', 5)}`)
    rig.write('worker-2.log', `${banner}${lines('c', 5)}`)
    t.equal((await rig.take()).length, 410)
  },
)

t.test('a copy of a file that is parked is not taken for a new file', async (t) => {
  const rig = createRig(t, { sources: [{ include: ['*.log*'] }], options: { maxOpenFiles: 2 } })
  for (const name of ['a', 'b', 'c', 'd', 'e']) rig.write(`${name}.log`, lines(name, 2))
  t.equal((await rig.take()).length, 10)
  for (const name of ['a', 'b', 'c', 'd', 'e']) copyFileSync(rig.path(`${name}.log`), rig.path(`${name}.log.1`))
  t.same(await rig.take(), [])
})

t.test('a copytruncated file that was compressed at once is read on from the compressed copy', async (t) => {
  const rig = createRig(t)
  rig.write('app.log', lines('a', 3))
  t.same(await rig.take(), texts('a', 3))
  rig.write('app.log', lines('a', 2, 4))
  copyTruncate(rig.path('app.log'), rig.path('app.log.1'))
  gzipInPlace(rig.path('app.log.1'))
  rig.write('app.log', lines('b', 1))
  t.same((await rig.take()).sort(), ['a 4', 'a 5', 'b 1'])
})

t.test('a truncated file without a copy is read from its beginning, and the loss is said', async (t) => {
  const rig = createRig(t)
  rig.write('app.log', lines('a', 3))
  t.same(await rig.take(), texts('a', 3))
  truncateSync(rig.path('app.log'))
  t.same(await rig.take(), [])
  rig.write('app.log', lines('b', 2))
  t.same(await rig.take(), texts('b', 2))
  t.equal(rig.source.stats.truncations.size, 1)
  t.ok(rig.said.some((text) => text.startsWith('A file was truncated and no copy of it is there')))
})

t.test('a backup copy is no new log, be the original rotated, or the agent restarted, afterwards', async (t) => {
  for (const isRestarted of [false, true]) {
    const rig = createRig(t)
    rig.write('app.log', lines('a', 3))
    t.same(await rig.take(), texts('a', 3))
    copyFileSync(rig.path('app.log'), rig.path('app.log.bak'))
    if (isRestarted) rig.restart()
    else {
      renameSync(rig.path('app.log'), rig.path('app.log.1'))
      rig.write('app.log', lines('b', 1))
    }
    t.same(await rig.take(), isRestarted ? [] : ['b 1'])
    rig.clock.advance(70_000)
    t.same(await rig.take(), [])
    rig.restart()
    t.same(await rig.take(), [], 'and after a restart')
  }
})

t.test('a truncated file is read on from the copy that has the rest, not from an older one', async (t) => {
  const rig = createRig(t)
  rig.write('app.log', lines('a', 2))
  t.same(await rig.take(), texts('a', 2))
  for (const name of ['app.log.0', 'app.log.5', 'app.log.bak']) copyFileSync(rig.path('app.log'), rig.path(name))
  await new Promise((resolve) => setTimeout(resolve, 15))
  rig.write('app.log', lines('a', 2, 3))
  copyTruncate(rig.path('app.log'), rig.path('app.log.3'))
  t.same(await rig.take(), texts('a', 2, 3))
  rig.restart()
  t.same(await rig.take(), [])
})

t.test('a deleted file is drained, held for its writer, and let go', async (t) => {
  const rig = createRig(t, { sources: [{ deletedHoldMs: 600_000 }] })
  rig.write('app.log', lines('a', 1))
  await rig.take()
  const writer = openSync(rig.path('app.log'), 'a')
  writeSync(writer, lines('a', 1, 2))
  unlinkSync(rig.path('app.log'))
  t.same(await rig.take(), ['a 2'])
  for (let n = 0; n < 14; n++) {
    rig.clock.advance(50_000)
    writeSync(writer, lines('held', 1, n))
    await rig.take()
  }
  t.equal(rig.status.files.rotated, 0, 'not for ever: its space is wanted back')
  closeSync(writer)
})

t.test('a file deleted and created again with the same inode while the agent was stopped is a new file', async (t) => {
  const rig = createRig(t)
  rig.write('app.log', lines('a', 3))
  t.same(await rig.take(), texts('a', 3))
  const { ino } = statSync(rig.path('app.log'))
  rig.commit()
  rig.tailer.close()
  rmSync(rig.path('app.log'))
  rig.write('app.log', lines('another', 9))
  if (statSync(rig.path('app.log')).ino !== ino) t.comment('this file system did not give the inode out again')
  rig.crash()
  t.same(await rig.take(), texts('another', 9))
})

t.test('a file deleted and created again is another file, also when it begins alike', async (t) => {
  const rig = createRig(t)
  rig.write('app.log', lines('# header', 1))
  await rig.take()
  for (let n = 0; n < 4; n++) {
    rmSync(rig.path('app.log'))
    await rig.take()
    rig.clock.advance(61_000)
    await rig.take()
    rig.write('app.log', `${lines('# header', 1)}${n}\n`)
    t.same(await rig.take(), ['# header 1', String(n)])
  }
})

t.test('a file renamed and begun alike while the agent was stopped: each is read for itself', async (t) => {
  const rig = createRig(t)
  rig.write('app.log', lines('# header', 1))
  await rig.take()
  rig.write('app.log', 'a\n')
  renameSync(rig.path('app.log'), rig.path('app.log.1'))
  rig.write('app.log', `${lines('# header', 1)}b\n`)
  rig.restart()
  t.same((await rig.take()).sort(), ['# header 1', 'a', 'b'])
})

t.test('an atomic replacement is a rotation: the old file is drained, the new one read', async (t) => {
  const rig = createRig(t)
  rig.write('app.log', lines('a', 1))
  await rig.take()
  rig.write('app.log', lines('a', 1, 2))
  writeFileSync(rig.path('tmp'), lines('b', 2))
  renameSync(rig.path('tmp'), rig.path('app.log'))
  t.same(await rig.take(), ['a 2', ...texts('b', 2)])
  t.equal(rig.source.stats.rotations.recreate, 1)
})

t.test('a symbolic link that is switched leads to a new file, and the old one is drained', async (t) => {
  const rig = createRig(t, { sources: [{ include: ['current.log'] }] })
  mkdirSync(rig.path('real'))
  rig.write('real/1', lines('a', 1))
  symlinkSync(rig.path('real/1'), rig.path('current.log'))
  t.same(await rig.take(), ['a 1'])
  rig.write('real/1', lines('a', 1, 2))
  rig.write('real/2', lines('b', 1))
  unlinkSync(rig.path('current.log'))
  symlinkSync(rig.path('real/2'), rig.path('current.log'))
  t.same(await rig.take(), ['a 2', 'b 1'])
})

t.test('a dangling link is read when its target comes, wherever that is', async (t) => {
  const rig = createRig(t, { sources: [{ include: ['current.log'] }] })
  mkdirSync(rig.path('real'))
  symlinkSync(rig.path('real/1'), rig.path('current.log'))
  rig.clock.wallAheadMs = 10_000
  t.same(await rig.take(), [])
  rig.write('real/1', lines('a', 1))
  t.same(await rig.take(), ['a 1'])
  renameSync(rig.path('real/1'), rig.path('real/0'))
  t.same(await rig.take(), [])
  rig.write('real/1', lines('b', 1))
  t.same(await rig.take(), ['b 1'], 'also one that dangled for a while')
})

t.test('a link that leads round in a circle does no harm, and is read when it is put right', async (t) => {
  const rig = createRig(t)
  rig.write('ok.log', lines('ok', 1))
  symlinkSync(rig.path('loop.log'), rig.path('loop.log'))
  t.same(await rig.take(), ['ok 1'])
  t.equal(rig.status.files.unreadable, 1)
  unlinkSync(rig.path('loop.log'))
  rig.write('loop.log', lines('fine', 1))
  t.same(await rig.take(), ['fine 1'])
})

t.test('a copy that is being compressed is not taken for another text while most of it is not written', async (t) => {
  const rig = createRig(t, { sources: [{ include: ['app.log*'] }] })
  const texts = Array.from({ length: 100 }, () => randomBytes(30).toString('hex'))
  rig.write('app.log', `${texts.join('\n')}\n`)
  t.same(await rig.take(), texts)
  copyFileSync(rig.path('app.log'), rig.path('app.log.1'))
  const packed = gzipSync(readFileSync(rig.path('app.log.1')))
  for (const bytes of [0, 2]) {
    writeFileSync(rig.path('app.log.1.gz'), packed.subarray(0, bytes))
    t.same(await rig.take(), [], `${bytes} bytes of it are there`)
  }
  writeFileSync(rig.path('app.log.1.gz'), packed.subarray(0, 300))
  t.same(await rig.take(), [], 'its beginning is there, and the plain copy beside it')
  writeFileSync(rig.path('app.log.1.gz'), packed)
  rmSync(rig.path('app.log.1'))
  t.same(await rig.take(), [], 'all of it is there, and nothing beside it')
  truncateSync(rig.path('app.log'))
  t.same(await rig.take(), [])
  rig.restart()
  t.same(await rig.take(), [])
})

t.test(
  'a copy that turns up compressed, long after its original was truncated, is read on from where that was left',
  async (t) => {
    const rig = createRig(t, { sources: [{ include: ['app.log*'] }] })
    const texts = Array.from({ length: 60 }, () => randomBytes(30).toString('hex'))
    const whole = `${texts.join('\n')}\n`
    rig.write('app.log', `${texts.slice(0, 50).join('\n')}\n`)
    t.same(await rig.take(), texts.slice(0, 50))
    truncateSync(rig.path('app.log'))
    rig.write('app.log', 'next\n')
    t.same(await rig.take(), ['next'])
    writeFileSync(rig.path('app.log.1.gz'), gzipSync(whole))
    t.same(await rig.take(), texts.slice(50))
    rig.restart()
    t.same(await rig.take(), [])
  },
)

t.test('a compressed file that comes up empty, without its plain form, is taken for what it becomes', async (t) => {
  const rig = createRig(t, { sources: [{ include: ['*.log*'] }] })
  for (const name of ['a.log.1.gz', 'b.log.1.gz']) writeFileSync(rig.path(name), '')
  rig.write('b.log', lines('b', 1))
  t.same(await rig.take(), texts('b', 1))
  for (const [name, text] of Object.entries({ 'a.log.1.gz': 'old a\n', 'b.log.1.gz': 'old b\n' })) {
    writeFileSync(rig.path(name), gzipSync(text))
  }
  t.same((await rig.take()).sort(), ['old a', 'old b'])
})
