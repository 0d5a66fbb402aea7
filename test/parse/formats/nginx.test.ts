import fc from 'fast-check'
import t, { type Test } from 'tap'
import { createNginxParser } from '../../../src/parse/formats/nginx.ts'
import { NdjsonBuffer } from '../../../src/parse/line.ts'
import { goldens } from '../goldens.ts'
import { context, entryIn, lineOf, newFacts, READ_AT } from '../harness.ts'

goldens(t, 'nginx', createNginxParser)

const TIME = '[15/Jan/2024:08:00:00 +0000]'
const HEAD = `1.2.3.4 - - ${TIME}`

/** The entry, or why there is none; `parser` may have seen other lines. */
function parse(text: string | Buffer, parser = createNginxParser(context)): Record<string, unknown> | string {
  const out = new NdjsonBuffer(8)
  const reason = parser.tryParse(lineOf(text), out, newFacts())
  if (reason === undefined) return entryIn(out, 0)
  if (out.length > 0) throw new Error('Cannot take back what was appended')
  return reason
}

function has(t: Test, text: string, wanted: Record<string, unknown>): void {
  const entry = parse(text)
  t.match(entry, wanted, text)
}

t.test('access line gives client, request, status, bytes, referer and agent', (t) => {
  const {
    service: _s,
    version: _v,
    environment: _e,
    host: _h,
    source: _so,
    file: _f,
    offset: _o,
    ...entry
  } = Object(
    parse(
      `203.0.113.9 - ana [15/Jan/2024:08:00:00 +0100] "GET /a?b=c HTTP/1.1" 404 512 "https://r/" "Mozilla/5.0 (X)"`,
    ),
  )
  t.same(entry, {
    timestamp: '2024-01-15T07:00:00Z',
    level: 'WARNING',
    message: 'GET /a?b=c HTTP/1.1',
    status_code: 404,
    method: 'GET',
    path: '/a',
    user_agent: 'Mozilla/5.0 (X)',
    ip_address: '203.0.113.9',
    metadata: { remote_user: 'ana', protocol: 'HTTP/1.1', bytes: 512, referer: 'https://r/' },
  })
  t.end()
})

t.test('access line is read whatever stands before the time', (t) => {
  const rest = `${TIME} "GET / HTTP/1.1" 200 5`
  const cases: [string, string | undefined, Record<string, unknown>][] = [
    ['1.2.3.4', '1.2.3.4', {}],
    ['1.2.3.4 -', '1.2.3.4', {}],
    ['- - -', undefined, {}],
    ['unix: - -', 'unix:', {}],
    ['2001:db8::1 - -', '2001:db8::1', {}],
    ['host.example.com - -', 'host.example.com', {}],
    ['1.2.3.4 - a b', '1.2.3.4', { remote_user: 'a b' }],
    ['1.2.3.4 - ""', '1.2.3.4', {}],
    ['1.2.3.4 id -', '1.2.3.4', { ident: 'id' }],
    ['1.2.3.4 - no\\x22body', '1.2.3.4', { remote_user: 'no"body' }],
    ['h.example.com:8080 1.2.3.4 - -', '1.2.3.4', { vhost: 'h.example.com', port: 8080 }],
    ['h.example.com 1.2.3.4 - ana', '1.2.3.4', { vhost: 'h.example.com', remote_user: 'ana' }],
    ['10.0.0.1, 10.0.0.2 - -', '10.0.0.1', { forwarded_for: '10.0.0.1, 10.0.0.2' }],
  ]
  for (const [head, ip, metadata] of cases) {
    const entry = Object(parse(`${head} ${rest}`))
    t.equal(entry.timestamp, '2024-01-15T08:00:00Z', head)
    t.equal(entry.ip_address, ip, head)
    t.same(entry.metadata, { ...metadata, protocol: 'HTTP/1.1', bytes: 5 }, head)
  }
  const context = 'h.example.com TLSv1.3'
  const entry = Object(parse(`1.2.3.4 - - ${TIME} ${context} "GET / HTTP/1.1" 200 5`))
  t.same(entry.metadata, { context, protocol: 'HTTP/1.1', bytes: 5 })
  t.end()
})

t.test('access line gives method and path only of what looks like a request', (t) => {
  const cases: [string, string | undefined, string | undefined][] = [
    ['GET / HTTP/1.1', 'GET', '/'],
    ['GET / HTTP/2', 'GET', '/'],
    ['GET /', 'GET', '/'],
    ['GET /with space/x HTTP/1.1', 'GET', '/with space/x'],
    ['CONNECT h:443 HTTP/1.1', 'CONNECT', 'h:443'],
    ['OPTIONS * HTTP/1.1', 'OPTIONS', '*'],
    ['get / http/1.1', undefined, undefined],
    ['GET', undefined, undefined],
    ['GET ', undefined, undefined],
    ['GET  HTTP/1.1', undefined, undefined],
    ['SSH-2.0-Go', undefined, undefined],
    ['\\x16\\x03\\x01\\x02 HTTP/1.1', undefined, undefined],
    [`${'A'.repeat(40)} / HTTP/1.1`, undefined, undefined],
  ]
  for (const [request, method, path] of cases) {
    const entry = Object(parse(`${HEAD} "${request}" 200 5 "-" "-"`))
    t.equal(entry.message, request)
    t.equal(entry.method, method, request)
    t.equal(entry.path, path, request)
  }
  t.end()
})

t.test('access line without a request is its own message', (t) => {
  for (const request of ['', '-']) {
    const line = `${HEAD} "${request}" 400 0 "-" "-"`
    t.match(parse(line), { message: line, status_code: 400, level: 'WARNING' })
  }
  t.end()
})

t.test('quoted field ends at a quote that is not escaped, and is unescaped unless it is binary', (t) => {
  const cases: [string, string][] = [
    ['a \\x22b\\x22', 'a "b"'],
    ['a \\"b\\" \\\\', 'a "b" \\'],
    ['\\xD0\\xBF\\xd1\\x80', 'пр'],
    ['\\xD0', '\\xD0'],
    ['\\x00\\x01', '\\x00\\x01'],
    ['a\\nb', 'a\\nb'],
    ['a"b', 'a"b'],
    ['C:\\dir', 'C:\\dir'],
  ]
  for (const [agent, wanted] of cases) {
    has(t, `${HEAD} "GET / HTTP/1.1" 200 5 "-" "${agent}"`, { user_agent: wanted })
    has(t, `${HEAD} "GET / HTTP/1.1" 200 5 "${agent}" "x"`, { user_agent: 'x', metadata: { referer: wanted } })
  }
  has(t, `${HEAD} "GET /\\x22 HTTP/1.1" 200 5`, { message: 'GET /\\x22 HTTP/1.1', path: '/\\x22' })
  has(t, `${HEAD} "GET /"x" HTTP/1.0" 200 5`, { message: 'GET /"x" HTTP/1.0', path: '/"x"' })
  has(t, `${HEAD} "GET /x\\" 404 -`, { message: 'GET /x\\', status_code: 404 })
  t.end()
})

t.test('access line gives names to further fields that are certain, and keeps the others', (t) => {
  const cases: [string, Record<string, unknown>, Record<string, unknown>][] = [
    [' "-"', {}, {}],
    [' "203.0.113.7, 10.0.0.1"', {}, { forwarded_for: '203.0.113.7, 10.0.0.1' }],
    [' "10.0.0.1:8080"', {}, { extra: ['10.0.0.1:8080'] }],
    [' 0.012 0.010', { duration: 0.012 }, { extra: ['0.012', '0.010'] }],
    [' 1234', { duration: undefined }, { extra: ['1234'] }],
    [' rt=0.123 urt="0.1, 0.2" uct="-"', { duration: 0.123 }, { urt: '0.1, 0.2' }],
    [' request_id=ab12 a=1 a=2 bytes=3', { request_id: 'ab12' }, { a: 1, extra: ['a=2', 'bytes=3'] }],
    [
      ' 99 0.010 [ns-x-80] [] 10.0.0.1:80, 10.0.0.2:80 0, 5 0.001, 0.002 502, 200 ab12',
      { duration: 0.01, request_id: 'ab12' },
      {
        request_length: 99,
        proxy_upstream_name: 'ns-x-80',
        upstream_addr: '10.0.0.1:80, 10.0.0.2:80',
        upstream_response_length: '0, 5',
        upstream_response_time: '0.001, 0.002',
        upstream_status: '502, 200',
      },
    ],
  ]
  for (const [extra, fields, metadata] of cases) {
    const entry = Object(parse(`${HEAD} "GET / HTTP/1.1" 200 5 "-" "x"${extra}`))
    for (const [name, value] of Object.entries(fields)) t.equal(entry[name], value, extra)
    t.same(entry.metadata, { protocol: 'HTTP/1.1', bytes: 5, ...metadata }, extra)
  }
  t.end()
})

t.test('time of the line before is not taken for another', (t) => {
  const parser = createNginxParser(context)
  const at = (time: string) => Object(parse(`1.2.3.4 - - [${time}] "GET / HTTP/1.1" 200 5`, parser)).timestamp
  t.equal(at('15/Jan/2024:08:00:00 +0000'), '2024-01-15T08:00:00Z')
  t.equal(at('15/Jan/2024:08:00:00 +0000'), '2024-01-15T08:00:00Z')
  t.equal(at('15/Jan/2024:08:00:00 +0100'), '2024-01-15T07:00:00Z')
  t.equal(at('15/Jan/2024:08:00:01 +0100'), '2024-01-15T07:00:01Z')
  t.equal(at('15/Jan/2094:08:00:01 +0100'), READ_AT)
  t.equal(at('15/Jan/2094:08:00:01 +0100'), READ_AT)
  t.equal(at('15/Jan/2024:08:00:01.123 +0100'), '2024-01-15T07:00:01.123Z')
  t.equal(at('15/Jan/2024:08:00:01 +0100'), '2024-01-15T07:00:01Z')
  t.end()
})

t.test('error line keeps what its keys do not hold in the message', (t) => {
  const head = '2024/01/15 08:00:00 [error] 7#8: *9 '
  const keys = ', client: 1.1.1.1, server: _, request: "GET /x HTTP/1.1", host: "h"'
  has(t, `${head}failed${keys}`, {
    level: 'ERROR',
    message: 'failed',
    ip_address: '1.1.1.1',
    method: 'GET',
    path: '/x',
    metadata: { pid: 7, tid: 8, connection: 9, server: '_', request: 'GET /x HTTP/1.1', host: 'h' },
  })
  has(t, `${head}open() "/x, client: 6.6.6.6, server: " failed${keys}`, {
    message: 'open() "/x, client: 6.6.6.6, server: " failed',
    ip_address: '1.1.1.1',
  })
  has(t, `${head}x, client: 1.1.1.1, server: _, request: "GET`, {
    message: 'x, client: 1.1.1.1, server: _, request: "GET',
  })
  has(t, `${head}x, client: 1.1.1.1, request: "GET / HTTP/1.1", nosuch: h`, { message: /nosuch: h$/ })
  has(t, '2024/01/15 08:00:00 [emerg] 1#1: bind() failed', { level: 'CRITICAL', message: 'bind() failed' })
  has(t, 'nginx: [emerg] unknown directive', { level: 'CRITICAL', message: 'unknown directive', timestamp: READ_AT })
  t.end()
})

t.test('record of the error log goes on until the next of either log', (t) => {
  const parser = createNginxParser(context)
  const begins = (text: string) => parser.startsRecord?.(lineOf(text))
  t.equal(begins('garbage'), true)
  t.equal(begins(`${HEAD} "GET / HTTP/1.1" 200 5`), true)
  t.equal(begins('  garbage'), true, 'an access line has no second line')
  t.equal(begins('2024/01/15 08:00:00 [error] 7#8: *9 FastCGI sent in stderr: "PHP'), true)
  t.equal(begins('Stack trace:'), false)
  t.equal(begins('#0 {main}'), false)
  t.equal(begins('2024/01/15 08:00:00 [error] 7#8: x'), true)
  t.equal(begins(`${HEAD} "GET / HTTP/1.1" 200 5`), true)
  t.equal(begins('Stack trace:'), true)
  t.end()
})

t.test('nginx parser refuses what is none of its lines', (t) => {
  const lines = [
    '',
    'hello',
    `{"a":"${HEAD}"}`,
    `${HEAD} GET / 200 5`,
    `${HEAD} "GET / HTTP/1.1"`,
    `${HEAD} "GET / HTTP/1.1" 2xx 5`,
    `1.2.3.4 - - [30/Feb/2024:08:00:00 +0000] "GET / HTTP/1.1" 200 5`,
    '2024/01/15 08:00:00 listening on :8080',
    '2024/01/15 08:00:00 [lua] 7#8: x',
    'Jan 15 08:00:00 web-1 sshd[1]: x',
  ]
  for (const line of lines) t.type(parse(line), 'string', line)
  t.end()
})

t.test('nginx parser never throws, and loses nothing of what it takes', (t) => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      HEAD,
      TIME,
      '"',
      ' ',
      '\\x22 ',
      '\\',
      '-',
      '2024/01/15 08:00:00 [error] 7#8: ',
      ', client: ',
      ' 200 5',
      'a=1',
      '[',
      ']',
    ),
  )
  fc.assert(
    fc.property(fc.array(piece), fc.boolean(), (pieces, isAccess) => {
      const tail = pieces.join('')
      const text = isAccess ? `${HEAD} "GET / HTTP/1.1" 200 5 ${tail}` : tail
      const entry = parse(text)
      if (typeof entry === 'string' || !isAccess) return
      const kept = JSON.stringify(entry)
      for (const word of tail.match(/[a-z0-9.]{4,}/g) ?? []) if (!kept.includes(word)) throw new Error(`Lost ${word}`)
    }),
  )
  fc.assert(fc.property(fc.uint8Array(), (bytes) => void parse(Buffer.from(bytes))))
  t.pass('for all of them')
  t.end()
})
