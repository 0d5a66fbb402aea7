import fc from 'fast-check'
import t from 'tap'
import { createRedisParser } from '../../../src/parse/formats/redis.ts'
import { goldens } from '../goldens.ts'
import { context, lineOf } from '../harness.ts'
import { type Case, parsingBy } from './parsing.ts'

goldens(t, 'redis', createRedisParser)

const { parse, check } = parsingBy(createRedisParser)

t.test('redis parser gives time, level, role and message', (t) => {
  const time = '2024-01-01T12:00:00.123Z'
  const cases: Case[] = [
    {
      line: '7:M 01 Jan 2024 12:00:00.123 * Ready',
      time,
      level: 'INFO',
      message: 'Ready',
      metadata: { role: 'M', pid: 7 },
    },
    { line: '7:S 01 Jan 2024 12:00:00.123 # x', time, level: 'WARNING', message: 'x', metadata: { role: 'S', pid: 7 } },
    { line: '7:X 01 Jan 2024 12:00:00.123 . x', time, level: 'DEBUG', message: 'x', metadata: { role: 'X', pid: 7 } },
    { line: '7:C 01 Jan 2024 12:00:00.123 - x', time, level: 'DEBUG', message: 'x', metadata: { role: 'C', pid: 7 } },
    {
      line: '7:M 01 Jan 12:00:00.123 * x',
      time: '2026-01-01T12:00:00.123Z',
      level: 'INFO',
      message: 'x',
      metadata: { role: 'M', pid: 7 },
    },
    {
      line: '[7] 01 Jan 12:00:00 * x',
      time: '2026-01-01T12:00:00Z',
      level: 'INFO',
      message: 'x',
      metadata: { pid: 7 },
    },
    {
      line: '[7] 01 Jan 12:00:00.123 # x',
      time: '2026-01-01T12:00:00.123Z',
      level: 'WARNING',
      message: 'x',
      metadata: { pid: 7 },
    },
    {
      line: '7:9:M 01 Jan 2024 12:00:00.123 * x',
      time,
      level: 'INFO',
      message: 'x',
      metadata: { tid: 9, role: 'M', pid: 7 },
    },
    {
      line: '7:M 2024-01-01T14:00:00.123+02:00 * x',
      time,
      level: 'INFO',
      message: 'x',
      metadata: { role: 'M', pid: 7 },
    },
    { line: '7:M 1704110400123 * x', time, level: 'INFO', message: 'x', metadata: { role: 'M', pid: 7 } },
    { line: '7:M 01 Jan 2024 12:00:00.123 *', time, level: 'INFO', message: '', metadata: { role: 'M', pid: 7 } },
    {
      line: '7:signal-handler (1704110400) Received SIGTERM',
      time: '2024-01-01T12:00:00.000Z',
      level: 'INFO',
      message: 'Received SIGTERM',
      metadata: { role: 'signal-handler', pid: 7 },
    },
  ]
  for (const item of cases) check(t, item)
  t.end()
})

t.test('redis time is in the zone of the source', (t) => {
  const entry = parse('7:M 01 Jan 2024 12:00:00.123 * x', { zone: 'Europe/Berlin' })
  t.equal(Object(entry).timestamp, '2024-01-01T11:00:00.123Z')
  t.end()
})

t.test('line without a head goes on with a record of redis', (t) => {
  const begins = (text: string) => createRedisParser(context).startsRecord?.(lineOf(text))
  for (const line of ['7:M 01 Jan 2024 12:00:00.123 * x', '[7] 01 Jan 12:00:00 * x', '7:signal-handler (1) x'])
    t.equal(begins(line), true, line)
  for (const line of ['', '       _._', '------ STACK TRACE ------', 'EIP:', '[7', '12', 'R8 :00'])
    t.equal(begins(line), false, line)
  t.end()
})

t.test('redis parser refuses what is none of its lines', (t) => {
  const lines = [
    '',
    '7',
    '7:M',
    '7:M ',
    '7:M x * y',
    '7:m 01 Jan 2024 12:00:00.123 * x',
    '7:M 01 Jan 2024 12:00:00.123 ? x',
    '[7] hello',
    '12:34:56 hello',
    '[7] 01 Jan 12:00:00 hello',
  ]
  for (const line of lines) t.type(parse(line), 'string', line)
  t.end()
})

t.test('redis parser never throws, and loses nothing of what it takes', (t) => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('7:M ', '01 Jan 2024 12:00:00.123', ' * ', '[7] ', ':signal-handler (1) '),
  )
  fc.assert(
    fc.property(fc.array(piece), fc.boolean(), (pieces, isOurs) => {
      const tail = pieces.join('')
      const entry = parse(isOurs ? `7:M 01 Jan 2024 12:00:00.123 * ${tail}` : tail)
      if (typeof entry === 'string' || !isOurs) return
      const kept = JSON.stringify(entry)
      for (const word of tail.match(/[a-z]{5,}/g) ?? []) if (!kept.includes(word)) throw new Error(`Lost ${word}`)
    }),
  )
  fc.assert(fc.property(fc.uint8Array(), (bytes) => void parse(Buffer.from(bytes))))
  t.pass('for all of them')
  t.end()
})
