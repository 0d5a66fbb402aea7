import fc from 'fast-check'
import t from 'tap'
import { createApacheParser } from '../../../src/parse/formats/apache.ts'
import { goldens } from '../goldens.ts'
import { context, lineOf } from '../harness.ts'
import { type Case, parsingBy } from './parsing.ts'

goldens(t, 'apache', createApacheParser)

const { parse, check } = parsingBy(createApacheParser)

const T24 = '[Mon Jan 15 08:00:00.123456 2024]'
const TIME = '2024-01-15T08:00:00.123456Z'

t.test('apache error line gives module, level, process, client and message', (t) => {
  const cases: Case[] = [
    {
      line: '[Sun Dec 04 04:47:44 2005] [notice] workerEnv.init() ok /etc/httpd/conf/workers2.properties',
      time: '2005-12-04T04:47:44Z',
      level: 'INFO',
      message: 'workerEnv.init() ok /etc/httpd/conf/workers2.properties',
    },
    {
      line: '[Sun Dec 04 04:47:44 2005] [error] [client 1.2.3.4] File does not exist: /x',
      level: 'ERROR',
      message: 'File does not exist: /x',
      fields: { ip_address: '1.2.3.4' },
    },
    {
      line: '[Fri Jan  5 08:00:00 2024] [error] [client ::1] x',
      level: 'ERROR',
      message: 'x',
      fields: { ip_address: '::1' },
    },
    {
      line: `${T24} [core:error] [pid 1:tid 2] (13)Permission denied: [client 1.2.3.4:55] AH00132: denied: /x, referer: http://r/`,
      time: TIME,
      level: 'ERROR',
      message: '(13)Permission denied: AH00132: denied: /x',
      metadata: { module: 'core', pid: 1, tid: 2, port: 55, referer: 'http://r/' },
      fields: { ip_address: '1.2.3.4', error_code: 'AH00132' },
    },
    {
      line: `${T24} [proxy:error] [pid 1] (111)Connection refused: AH00957: http: failed`,
      level: 'ERROR',
      message: '(111)Connection refused: AH00957: http: failed',
      metadata: { module: 'proxy', pid: 1 },
      fields: { error_code: 'AH00957' },
    },
    {
      line: `${T24} [rewrite:trace3] [pid 1] mod_rewrite.c(477): [client 2001:db8::1:54321] applying`,
      level: 'DEBUG',
      message: 'applying',
      metadata: { severity: 'trace3', module: 'rewrite', pid: 1, code: 'mod_rewrite.c(477)', port: 54321 },
      fields: { ip_address: '2001:db8::1' },
    },
    {
      line: `${T24} [:error] [pid 1] [client 1.2.3.4:9] [client 1.2.3.4] ModSecurity: Warning. [file "x"]`,
      level: 'ERROR',
      message: '[client 1.2.3.4] ModSecurity: Warning. [file "x"]',
      metadata: { pid: 1, port: 9 },
    },
    {
      line: `${T24} [php:notice] [pid 1] [client 1.2.3.4:9] a, referer: b c`,
      level: 'INFO',
      message: 'a, referer: b c',
      metadata: { module: 'php', pid: 1, port: 9 },
    },
    {
      line: `${T24} [proxy:error] [pid 1] [remote 10.0.0.1:80] x`,
      level: 'ERROR',
      message: 'x',
      metadata: { module: 'proxy', pid: 1, remote: '10.0.0.1:80' },
    },
    { line: `${T24} [core:emerg] [pid 1]`, level: 'CRITICAL', message: '', metadata: { module: 'core', pid: 1 } },
    {
      line: `${T24} [core:error] [pid 1] [tid 2] [pid 3] y`,
      level: 'ERROR',
      message: '[pid 3] y',
      metadata: { module: 'core', pid: 1, tid: 2 },
    },
    { line: `${T24} [core:error] [pid x] y`, level: 'ERROR', message: '[pid x] y', metadata: { module: 'core' } },
    { line: `${T24} [core:error] [client x`, level: 'ERROR', message: '[client x', metadata: { module: 'core' } },
  ]
  for (const item of cases) check(t, item)
  t.end()
})

t.test('apache error line is in the zone of the source', (t) => {
  const entry = parse('[Mon Jan 15 08:00:00 2024] [error] x', { zone: 'America/Sao_Paulo' })
  t.equal(Object(entry).timestamp, '2024-01-15T11:00:00Z')
  t.end()
})

t.test('apache parser takes a virtual host in front', (t) => {
  const rest = '- - [15/Jan/2024:08:00:00 +0000] "GET / HTTP/1.1" 200 5'
  const cases: [string, Record<string, unknown>][] = [
    ['h.example.com:443 1.2.3.4', { vhost: 'h.example.com', port: 443 }],
    ['[::1]:80 1.2.3.4', { vhost: '[::1]', port: 80 }],
    ['1.2.3.4', {}],
  ]
  for (const [head, metadata] of cases) {
    const entry = Object(parse(`${head} ${rest}`))
    t.equal(entry.ip_address, '1.2.3.4', head)
    t.same(entry.metadata, { ...metadata, protocol: 'HTTP/1.1', bytes: 5 }, head)
  }
  t.end()
})

t.test('only what is indented goes on with an error of apache', (t) => {
  const parser = createApacheParser(context)
  const begins = (text: string) => parser.startsRecord?.(lineOf(text))
  t.equal(begins('  x'), true)
  t.equal(begins(`${T24} [core:error] x`), true)
  t.equal(begins('\tx'), false)
  t.equal(begins('sh: 1: x: not found'), true)
  t.equal(begins('  x'), true)
  t.end()
})

t.test('apache parser refuses what is none of its lines', (t) => {
  const lines = [
    '',
    '[',
    '[]',
    'x',
    '[INFO] x',
    '[2024-01-15 08:00:00] [INFO] x',
    '[Mon Jan 15 08:00:00 2024] [foo] x',
    '[Mon Jan 15 08:00:00 2024] x',
  ]
  for (const line of lines) t.type(parse(line), 'string', line)
  t.end()
})

t.test('apache parser never throws, and loses nothing of what it takes', (t) => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('[client ', '(2)', ': ', ']', '[pid 1] ', 'AH00001: ', ', referer: ', 'x.c(1): '),
  )
  fc.assert(
    fc.property(fc.array(piece), fc.boolean(), (pieces, isOurs) => {
      const tail = pieces.join('')
      const entry = parse(isOurs ? `[Mon Jan 15 08:00:00 2024] [core:error] ${tail}` : tail)
      if (typeof entry === 'string' || !isOurs) return
      const kept = JSON.stringify(entry)
      for (const word of tail.match(/[a-z]{5,}/g) ?? [])
        if (word !== 'client' && word !== 'referer' && !kept.includes(word)) throw new Error(`Lost ${word}`)
    }),
  )
  fc.assert(fc.property(fc.uint8Array(), (bytes) => void parse(Buffer.from(bytes))))
  t.pass('for all of them')
  t.end()
})
