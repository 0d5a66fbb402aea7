import { appendFileSync, ftruncateSync, openSync, truncateSync, writeSync } from 'node:fs'
import t from 'tap'
import { copyTruncate, createRig, lines, type TailRig } from './tail-rig.ts'

/** UTF-16 with its byte-order mark. */
function utf16(text: string, order: 'le' | 'be'): Buffer {
  const bytes = Buffer.from(`\ufeff${text}`, 'utf16le')
  return order === 'le' ? bytes : bytes.swap16()
}

const dropped = (rig: TailRig, reason: string): number => {
  return rig.ledger.bookings().find(({ account }) => account === `dropped:${reason}`)?.bytes ?? 0
}

for (const { name, bytes, expected } of [
  { name: 'CRLF ends a line like LF', bytes: 'a\r\nb\r\n\r\nc\n', expected: ['a', 'b', 'c'] },
  { name: 'a lone CR is part of a line', bytes: 'a\rb\n', expected: ['a\rb'] },
  { name: 'blank lines are left out', bytes: '\n\n \t\na\n\n', expected: ['a'] },
  { name: 'a UTF-8 byte-order mark is left out', bytes: '\ufeffa\nb\n', expected: ['a', 'b'] },
  { name: 'NUL bytes inside a line are kept', bytes: 'a\0b\n', expected: ['a\0b'] },
  { name: 'NUL bytes before a line are left out', bytes: '\0\0\0a\n\0\0b\nc\n', expected: ['a', 'b', 'c'] },
  { name: 'UTF-16 LE is read by its mark', bytes: utf16('añ\r\n\n😀\n', 'le'), expected: ['añ', '😀'] },
  { name: 'UTF-16 BE is read by its mark', bytes: utf16('añ\n😀\n', 'be'), expected: ['añ', '😀'] },
]) {
  t.test(`text: ${name}`, async (t) => {
    const whole = createRig(t)
    whole.write('app.log', bytes)
    t.same(await whole.take(), expected)
    const rig = createRig(t)
    for (const byte of Buffer.from(bytes)) {
      rig.write('app.log', Buffer.of(byte))
      await rig.step()
    }
    rig.commit()
    t.same(
      rig.stored.map(({ text }) => text),
      expected,
      'byte by byte',
    )
    t.equal(rig.stored.filter((line) => line.isContinued || line.isPartial || line.isTruncated).length, 0)
  })
}

t.test('a line that is not UTF-8 is handed over as it is, and says that it may not be', async (t) => {
  const rig = createRig(t)
  rig.write('app.log', Buffer.from([0x61, 0xff, 0xfe, 0x62, 10]))
  t.same(await rig.take(), ['a\ufffd\ufffdb'])
})

t.test('a hole that a truncation left, because the writer kept its position, is skipped and counted', async (t) => {
  const rig = createRig(t)
  const writer = openSync(rig.path('app.log'), 'w')
  writeSync(writer, lines('a', 100))
  t.equal((await rig.take()).length, 100)
  copyTruncate(rig.path('app.log'), rig.path('app.log.1'))
  writeSync(writer, lines('b', 2)) // At its old position: NULs stand before it.
  await rig.step()
  t.match(rig.pending, [
    { text: 'b 1', isContinued: false },
    { text: 'b 2', isContinued: false },
  ])
  t.equal(dropped(rig, 'nul_bytes'), lines('a', 100).length)
})

t.test('a hole larger than a block is skipped', async (t) => {
  const rig = createRig(t)
  const writer = openSync(rig.path('app.log'), 'w')
  ftruncateSync(writer, 3_000_000)
  writeSync(writer, lines('b', 1), 3_000_000)
  await rig.step()
  t.match(rig.pending, [{ text: 'b 1', offset: 3_000_000, isContinued: false }])
  t.equal(dropped(rig, 'nul_bytes'), 3_000_000)
})

t.test('room that is allocated ahead is waited for: NULs at the end are no line', async (t) => {
  const rig = createRig(t)
  const writer = openSync(rig.path('app.log'), 'w')
  writeSync(writer, 'a\n', 0)
  ftruncateSync(writer, 4096)
  t.same(await rig.take(), ['a'])
  rig.clock.advance(6000)
  rig.look()
  t.same(await rig.take(), [], 'also after partialWaitMs')
  writeSync(writer, 'b\n', 2)
  t.same(await rig.take(), ['b'])
})

t.test('a line longer than max_line is cut between two characters, marked and counted', async (t) => {
  for (const { filler, kept } of [
    { filler: 'x', kept: 1024 },
    { filler: 'é', kept: 1024 },
    { filler: '€', kept: 1023 },
    { filler: '😀', kept: 1024 },
  ]) {
    for (const length of [1400, 400_000]) {
      const rig = createRig(t, { sources: [{ maxLineBytes: 1024 }] })
      rig.write('app.log', `before\n${filler.repeat(length)}\nafter\n`)
      await rig.step()
      t.match(rig.pending, [
        { text: 'before', isTruncated: false },
        { isTruncated: true, isPartial: false, offset: 7 },
        { text: 'after', isTruncated: false, isContinued: false },
      ])
      const text = rig.pending[1]?.text ?? ''
      t.equal(Buffer.byteLength(text), kept)
      t.notOk(text.includes('\ufffd'))
      const total = 7 + Buffer.byteLength(filler) * length + 1 + 6
      const consumed = rig.pending.reduce((sum, line) => sum + line.consumedBytes, 0)
      t.equal(consumed + dropped(rig, 'line_too_long'), total, 'every byte is booked')
    }
  }
})

t.test('a line of 100 MB is passed in bounded memory, with what is around it', { timeout: 60_000 }, async (t) => {
  const rig = createRig(t)
  rig.write('app.log', 'before\n')
  const piece = Buffer.alloc(1 << 20, 'y')
  for (let n = 0; n < 100; n++) appendFileSync(rig.path('app.log'), piece)
  rig.write('app.log', '\nafter\n')
  const usage = (): number => process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed
  const before = usage()
  let most = 0
  rig.discover()
  while (await rig.tailer.read(() => true)) most = Math.max(most, usage() - before)
  t.match(rig.pending, [{ text: 'before' }, { isTruncated: true }, { text: 'after' }])
  t.equal(rig.pending[1]?.text.length, 256 * 1024)
  t.ok(most < 16 << 20, `${(most / 2 ** 20).toFixed(1)} MiB`)
})

t.test('a line longer than a block that is still being written is waited for', async (t) => {
  const rig = createRig(t, { sources: [{ maxLineBytes: 4096 }] })
  for (let n = 0; n < 8; n++) {
    rig.write('app.log', 'z'.repeat(100_000))
    t.same(await rig.take(), [])
  }
  rig.restart()
  rig.write('app.log', '!\nnext\n')
  await rig.step()
  t.match(rig.pending, [
    { isTruncated: true, offset: 0 },
    { text: 'next', offset: 800_002 },
  ])
})

t.test('a line longer than a block that loses its file to a truncation is not mixed with another', async (t) => {
  const rig = createRig(t, { sources: [{ maxLineBytes: 4096 }] })
  rig.write('app.log', `first\n${'z'.repeat(900_000)}`)
  t.same(await rig.take(), ['first'])
  truncateSync(rig.path('app.log'))
  rig.write('app.log', lines('b', 2))
  t.same(await rig.take(), ['b 1', 'b 2'])
})

for (const order of ['le', 'be'] as const) {
  t.test(
    `UTF-16 ${order}: a line longer than a block, with units that hold the byte of a line end, is cut whole`,
    async (t) => {
      const rig = createRig(t, { sources: [{ maxLineBytes: 4096 }] })
      rig.write('app.log', utf16(`first\n${'xĊ'.repeat(150_000)}\nlast\nĊnd\n`, order))
      const texts = await rig.take()
      t.equal(texts.length, 4)
      t.equal(texts[0], 'first')
      t.match(texts[1], /^xĊxĊ/)
      t.equal(texts[2], 'last')
      t.equal(texts[3], 'Ċnd')
    },
  )
}

t.test('UTF-16: an unfinished line is handed over after 5 s, and the rest stays in step', async (t) => {
  const rig = createRig(t)
  rig.write('app.log', utf16('a\nhalf', 'le'))
  t.same(await rig.take(), ['a'])
  rig.clock.advance(5001)
  rig.look()
  rig.write('app.log', Buffer.from(' rest\nb\n', 'utf16le'))
  t.same(await rig.take(), ['half', ' rest', 'b'])
})
