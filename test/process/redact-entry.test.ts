import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { createJsonParser } from '../../src/parse/json.ts'
import { NdjsonBuffer } from '../../src/parse/line.ts'
import { createPlainParser } from '../../src/parse/plain.ts'
import { OwnPattern } from '../../src/process/redact/own-pattern.ts'
import { createRedactStep } from '../../src/process/redact/redact-step.ts'
import { ROLE, roleOf, roleOfBytes } from '../../src/process/redact/roles.ts'
import { WorkingEntry } from '../../src/process/working-entry.ts'
import { context, entryIn, lineOf, newFacts } from '../parse/harness.ts'
import { CONFIGURED, entryOf, MASK_ALL, NEVER, redact, redactLine, redactText } from './redact-harness.ts'

const IP = '203.0.113.77'
const CARD = 4111111111111111

t.test('redact masks fields, keys, numbers and nested values', async (t) => {
  const { entry, hits } = redact({
    message: `to ${IP}`,
    ip_address: IP,
    metadata: { card: CARD, list: [CARD, IP, 1], 'a@example.com': { x: IP }, deep: { password: { a: 1 } }, Token: 12 },
  })
  t.equal(entry.message, 'to [ipv4]')
  t.equal(entry.ip_address, '[ipv4]')
  t.same(entry.metadata, {
    card: '[credit_card]',
    list: ['[credit_card]', '[ipv4]', 1],
    '[email]': { x: '[ipv4]' },
    deep: { password: '[password]' },
    Token: '[password]',
  })
  t.same(Object.fromEntries(hits), { ipv4: 4, credit_card: 2, email: 1, password: 2 })
})

t.test('redact leaves what the agent says itself', async (t) => {
  const own = {
    timestamp: '2026-03-01T12:00:00Z',
    level: 'INFO',
    host: IP,
    source: 'a@example.com',
    file: `/x/${IP}`,
    offset: 52998224725,
  }
  const line = JSON.stringify({ ...own, message: '', ...CONFIGURED, duration: 52998224725, status_code: 200 })
  t.same(redactLine(line).entry, JSON.parse(line))
  const plain = redactLine(line, { ...MASK_ALL, patterns: NEVER })
  t.same(plain.entry, JSON.parse(line))
})

t.test('the keys whose values stay are told apart as bytes', async (t) => {
  const keys = [
    'timestamp',
    'level',
    'host',
    'source',
    'file',
    'offset',
    'duration',
    'status_code',
    'service',
    'version',
    'environment',
  ]
  for (const key of [...keys, 'message', 'path', 'span_id', 'a', 'timestamq', '']) {
    t.equal(roleOfBytes(new DataView(new TextEncoder().encode(key).buffer), 0, key.length), roleOf(key), key)
    t.equal(roleOf(key) !== ROLE.searched, keys.includes(key), key)
  }
})

t.test('redact searches a service only when it is not the configured one', async (t) => {
  const configured = { service: 'a@example.com', version: '1.2.3.4', environment: IP }
  for (const patterns of [[], NEVER]) {
    const config = { ...MASK_ALL, patterns }
    t.equal(redact({ ...configured }, config, configured).entry.version, '1.2.3.4')
    const { entry, facts } = redact({ ...configured, service: IP }, config, configured)
    t.equal(entry.service, '[ipv4]')
    t.equal(facts.service, '[ipv4]')
    t.equal(entry.environment, IP)
  }
})

t.test('redact hashes with the key so that equal values stay linkable', async (t) => {
  const config = { ...MASK_ALL, mode: 'hash', key: 'secret' } as const
  const hash = createHmac('sha256', 'secret').update('a"@example.com').digest('hex')
  t.ok(hash.length > 12)
  const expected = createHmac('sha256', 'secret').update(IP).digest('hex').slice(0, 12)
  t.equal(redactText(`x ${IP}`, config), `x [ipv4:${expected}]`)
  t.equal(redactText(`"\n${IP}"`, config), `"\n[ipv4:${expected}]"`)
  t.not(redactText(IP, config), redactText(IP, { ...config, key: 'other' }))
})

t.test('redact removes members of which nothing is left', async (t) => {
  const config = { ...MASK_ALL, mode: 'remove' } as const
  const { entry } = redact(
    { message: IP, ip_address: IP, user_id: `u ${IP}`, metadata: { card: CARD, a: { b: IP }, list: [IP, 1] } },
    config,
  )
  t.equal(entry.message, '')
  t.notOk('ip_address' in entry)
  t.equal(entry.user_id, 'u ')
  t.same(entry.metadata, { list: ['', 1] })
  t.notOk('metadata' in redact({ metadata: { password: { a: 1 } } }, config).entry)
})

t.test('redact applies own patterns to what is searched, not to masks', async (t) => {
  const patterns = [
    { name: 'ticket', pattern: 'T-\\d+' },
    { name: 'email_word', pattern: 'email|x*' },
    { name: 'after', pattern: 'é\\w+' },
  ]
  const { entry, hits } = redact(
    { message: 'T-12 of a@example.com éab [email] email', metadata: { 'T-1': ['T-2'] } },
    { ...MASK_ALL, patterns },
  )
  t.equal(entry.message, '[ticket] of [email] [after] [email] [email_word]')
  t.same(entry.metadata, { '[ticket]': ['[ticket]'] })
  t.equal(hits.get('ticket'), 3)
})

t.test('redact keeps members apart whose keys become the same', async (t) => {
  const { entry } = redact({ metadata: { 'a@example.com': 1, 'b@example.com': 2, '[email]': 3 } })
  t.same(Object.values(Object(entry.metadata)).sort(), [1, 2, 3])
})

t.test('redact sees what a step before has changed, and later steps see what redact did', async (t) => {
  for (const patterns of [[], NEVER]) {
    const out = new NdjsonBuffer(16)
    out.appendText(`${JSON.stringify(entryOf({ message: IP }))}\n`)
    const work = new WorkingEntry()
    work.begin(out, 0, newFacts())
    work.change().user_id = IP
    createRedactStep({ ...MASK_ALL, patterns }).apply(work)
    t.equal(work.object.user_id, '[ipv4]')
    work.flush()
    t.equal(entryIn(out, 0).message, '[ipv4]')
    t.equal(entryIn(out, 0).user_id, '[ipv4]')
  }
})

t.test('redact keeps __proto__ a key', async (t) => {
  const line = JSON.stringify(entryOf({})).replace(
    '"message":""',
    `"message":"","metadata":{"__proto__":{"x":"${IP}"},"${IP}":1}`,
  )
  t.match(JSON.stringify(redactLine(line).entry), '"__proto__":{"x":"[ipv4]"}')
})

const pieces = fc.constantFrom(
  IP,
  'a@example.com',
  '%40',
  '@',
  '4111 1111 1111 1111',
  '4111111111111111',
  'DE89370400440532013000',
  '2001:db8::1',
  '::',
  ':',
  '://',
  'u:p@h',
  'eyJ',
  'eyJhbGciOiJIUzI1NiJ9',
  '.',
  'Bearer ',
  'Basic ',
  'dXNlcjpw',
  'AKIAIOSFODNN7EXAMPLE',
  'AIza',
  'ghp_0123456789abcdefghijABCDEFGHIJ012345',
  'xoxb-1234567890',
  'hooks.slack.com/services/',
  'password',
  'token',
  '=',
  ': ',
  '"',
  "'",
  '\\',
  '\\"',
  '\n',
  '{',
  '}',
  '[',
  ']',
  ',',
  '-----BEGIN PRIVATE KEY-----',
  '-----END PRIVATE KEY-----',
  '529.982.247-25',
  '52998224725',
  '11.222.333/0001-81',
  '/',
  '-',
  '_',
  ' ',
  'é',
  '口',
  '😀',
  '[email]',
  '[password]',
  'Authorization: ',
)
const hostile = fc
  .array(fc.oneof(pieces, fc.string({ unit: 'binary', maxLength: 3 })), { maxLength: 10 })
  .map((parts) => parts.join(''))
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    hostile,
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.maxSafeInteger(),
    fc.constantFrom(CARD, 52998224725, 11222333000181, true, null),
    tie('list'),
    tie('members'),
  ),
  list: fc.array(tie('any'), { maxLength: 3 }),
  members: fc.dictionary(
    fc.oneof(hostile, fc.constantFrom('a', 'password', 'authToken', 'private_key_id', 'authorization', 'pwd')),
    tie('any'),
    { maxKeys: 4 },
  ),
}))
const fields = fc.record(
  { message: hostile, service: hostile, stack_trace: hostile, path: hostile, metadata: value.members },
  { requiredKeys: ['message'] },
)
/** Spellings of the same JSON: characters as escapes, blanks around. */
const spelling = fc.constantFrom(
  (json: string) => json,
  (json: string) => json.replace(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`),
  (json: string) => json.replace(/[@:-](?=[^"]*"[,}])/g, (char) => (char === '@' ? '\\u0040' : char)),
  (json: string) => json.replaceAll('/', '\\/'),
)

t.test('the fast way and the plain way of redacting give the same entry', async (t) => {
  const modes = fc.constantFrom('mask' as const, 'hash' as const, 'remove' as const)
  let runs = 0
  fc.assert(
    fc.property(fields, modes, spelling, (entry, mode, spell) => {
      const line = spell(JSON.stringify(entryOf(entry)))
      const config = { ...MASK_ALL, mode, key: 'k' }
      const fast = redactLine(line, config, CONFIGURED)
      const plain = redactLine(line, { ...config, patterns: NEVER }, CONFIGURED)
      if (JSON.stringify(fast.entry) !== JSON.stringify(plain.entry)) {
        throw new Error(`${JSON.stringify(fast.entry)} is not ${JSON.stringify(plain.entry)}`)
      }
      if (JSON.stringify([...fast.hits]) !== JSON.stringify([...plain.hits])) throw new Error('Hits differ')
      if (fast.hits.size > 0) runs++
    }),
    { numRuns: 4000 },
  )
  t.ok(runs > 1000, `there was something to redact often enough to mean something: ${runs}`)
})

t.test('redacting entries of any bytes gives one line of JSON', async (t) => {
  let runs = 0
  const parsers = fc.constantFrom(createPlainParser(context), createJsonParser(context))
  const step = createRedactStep(MASK_ALL, context)
  const work = new WorkingEntry()
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)),
    hostile.map((text) => Buffer.from(text)),
    value.members.map((object) => Buffer.from(JSON.stringify(object))),
  )
  fc.assert(
    fc.property(bytes, parsers, (bytes, parser) => {
      const out = new NdjsonBuffer(8)
      const facts = newFacts()
      parser.parse(lineOf(bytes), out, facts)
      const before = Object.keys(entryIn(out, 0))
      work.begin(out, 0, facts)
      step.apply(work)
      work.flush()
      const after = Object.keys(entryIn(out, 0))
      if (JSON.stringify(before) !== JSON.stringify(after)) throw new Error(`Members differ: ${after}`)
      if (step.lastHits.size > 0) runs++
    }),
    { numRuns: 3000 },
  )
  t.ok(runs > 300, `${runs}`)
})

t.test('redact takes time in proportion to the text', async (t) => {
  const floods = [
    'eyJ-',
    'password=[',
    'password="',
    "password='",
    '://a:b/',
    '@a.b',
    'Bearer ',
    ':',
    '1:',
    '4111 ',
    '1.',
    'token=a,',
    '-----BEGIN ',
    '-----BEGIN PRIVATE KEY-----',
    'a://',
    '{"password":{',
    '\\"',
    'Authorization: Digest ',
    'Basic QUFB',
    'a%40',
    'A1',
  ]
  for (const flood of floods) {
    const started = process.cpuUsage().user
    redactText(flood.repeat(Math.ceil((256 * 1024) / flood.length)))
    t.ok(process.cpuUsage().user - started < 5_000_000, flood)
  }
})

t.test('an own pattern costs bounded time on any text, and what it finds too often is hidden whole', (t) => {
  for (const pattern of ['a.*z|a', '(a+)+b|a', 'a']) {
    const own = new OwnPattern(pattern, 0)
    const text = 'a'.repeat(64 * 1024)
    const before = process.cpuUsage()
    const spans = own.spansIn(text)
    const { user } = process.cpuUsage(before)
    t.ok(user < 3e6, `${pattern} took ${user / 1000} ms`)
    const covered = spans
      .toSorted((a, b) => a.start - b.start)
      .reduce((end, span) => (span.start <= end ? Math.max(end, span.end) : end), 0)
    t.equal(covered, text.length)
  }
  t.end()
})

t.test('an own pattern finds what lies across the border of two windows', (t) => {
  const own = new OwnPattern('ACC-\\d+', 0)
  for (const before of [0, 1020, 1024, 2040, 2044, 2048, 5000]) {
    const text = `${'x'.repeat(before)}ACC-12345678${'y'.repeat(3000)}`
    t.ok(own.spansIn(text).some(({ start, end }) => start === before && end === before + 12))
  }
  t.end()
})
