import fc from 'fast-check'
import t from 'tap'
import { isLoopback, parseListen } from '../../src/config/listen.ts'
import { editDistance, nearest } from '../../src/config/nearest.ts'
import {
  DURATION_PATTERN,
  formatDuration,
  formatSize,
  parseDuration,
  parseSize,
  SIZE_PATTERN,
} from '../../src/config/units.ts'

t.test('a duration is', async (t) => {
  const cases: [string, number][] = [
    ['0s', 0],
    ['250ms', 250],
    ['1.5s', 1500],
    ['1h30m', 5_400_000],
    ['7d', 604_800_000],
    ['2w', 1_209_600_000],
  ]
  for (const [text, ms] of cases) t.same(parseDuration(text), { kind: 'ok', value: ms }, text)
  for (const text of ['', '5', '-5s', '5 s', '5S', 's', '1e3s', '5sec', ' 5s', '99999999999999d', '.5s']) {
    t.equal(parseDuration(text).kind, 'bad', text)
  }
})

t.test('a size is', async (t) => {
  const cases: [string, number][] = [
    ['0B', 0],
    ['10MB', 10_000_000],
    ['10MiB', 10_485_760],
    ['10 MiB', 10_485_760],
    ['1.5KiB', 1536],
  ]
  for (const [text, bytes] of cases) t.same(parseSize(text), { kind: 'ok', value: bytes }, text)
  for (const text of ['', '5', '10M', '10mb', '-1B', '10 constructor', '10constructor', '9999999TiB', '1e3B']) {
    t.equal(parseSize(text).kind, 'bad', text)
  }
})

t.test('a formatted amount reads back as itself', async (t) => {
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 45 }), (n) => {
      const size = parseSize(formatSize(n))
      const duration = parseDuration(formatDuration(n))
      return size.kind === 'ok' && size.value === n && duration.kind === 'ok' && duration.value === n
    }),
  )
  t.same([formatDuration(90_000), formatSize(2 ** 30), formatSize(10_000_000)], ['90s', '1GiB', '10MB'])
})

t.test('the patterns of the JSON Schema accept what the parsers accept', async (t) => {
  const texts = ['5', '5s', '1h30m', '10MB', '10 MiB', '10M', '', '-5s', '1.5KiB', '0B', '5 s']
  for (const text of texts) {
    t.equal(new RegExp(DURATION_PATTERN).test(text), parseDuration(text).kind === 'ok', text)
    t.equal(new RegExp(SIZE_PATTERN).test(text), parseSize(text).kind === 'ok', text)
  }
})

t.test('an address to listen on is', async (t) => {
  t.same(parseListen('127.0.0.1:9610'), { host: '127.0.0.1', port: 9610 })
  t.same(parseListen('[::1]:0'), { host: '::1', port: 0 })
  t.same(parseListen('localhost:80'), { host: 'localhost', port: 80 })
  for (const text of [
    '',
    ':80',
    '80',
    '::1:80',
    '[::1]',
    '[1.2.3.4]:80',
    '1.2.3:80',
    '1.2.3.400:80',
    'a:65536',
    'a:-1',
    'a b:80',
    'a:80\n',
  ]) {
    t.equal(parseListen(text), undefined, JSON.stringify(text))
  }
})

t.test('an address is loopback', async (t) => {
  for (const host of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1', 'localhost']) t.ok(isLoopback(host), host)
  for (const host of ['0.0.0.0', '::', '10.0.0.1', 'localhost.example', '::ffff:10.0.0.1', ''])
    t.notOk(isLoopback(host), host)
})

t.test('the nearest word is a slip away', async (t) => {
  const known = ['sources', 'outputs', 'service', 'data_dir', 'max_bytes']
  const cases: [string, string | undefined][] = [
    ['souces', 'sources'],
    ['Sources', 'sources'],
    ['ouptuts', 'outputs'],
    ['data-dir', 'data_dir'],
    ['max_byte', 'max_bytes'],
    ['xylophone', undefined],
    ['a'.repeat(10_000), undefined],
  ]
  for (const [word, expected] of cases) t.equal(nearest(word, known), expected, word.slice(0, 20))
  t.same([editDistance('ab', 'ba'), editDistance('', 'abc'), editDistance('kitten', 'sitting')], [1, 3, 3])
})
