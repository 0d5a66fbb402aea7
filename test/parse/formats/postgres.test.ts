import fc from 'fast-check'
import t from 'tap'
import { createPostgresParser } from '../../../src/parse/formats/postgres.ts'
import { goldens } from '../goldens.ts'
import { context, lineOf } from '../harness.ts'
import { parsingBy } from './parsing.ts'

goldens(t, 'postgres', createPostgresParser)

const { parse, check } = parsingBy(createPostgresParser)

const TIME = '2024-01-15T08:00:00Z'

t.test('postgres parser reads any prefix that has a time', (t) => {
  const at = '2024-01-15 08:00:00 UTC'
  const cases: [string, Record<string, unknown>, Record<string, unknown>?][] = [
    [`${at} `, {}],
    [`${at} [12] `, { pid: 12 }],
    [`${at} [12]: `, { pid: 12 }],
    [`${at} [12-3] me@db `, { pid: 12, log_line: 3, user: 'me', database: 'db' }],
    [`${at} [12] [unknown]@[unknown] `, { pid: 12 }],
    [`${at} [12] me@db/psql `, { pid: 12, user: 'me', database: 'db', application: 'psql' }],
    [`${at} [12] [me@db/psql] `, { pid: 12, user: 'me', database: 'db', application: 'psql' }],
    [
      `${at} [12]: [3-1] user=me,db=db,app=My App - Main,client=10.0.0.1 `,
      { pid: 12, log_line: 3, user: 'me', database: 'db', application: 'My App - Main' },
      { ip_address: '10.0.0.1' },
    ],
    [`${at} [12]: [3-1] user=,db=,app=,client= `, { pid: 12, log_line: 3 }],
    [`${at} [12] user=me,client=[local] `, { pid: 12, user: 'me' }],
    [
      `${at}:10.0.0.1(5432):me@db:[12]:`,
      { pid: 12, port: 5432, user: 'me', database: 'db' },
      { ip_address: '10.0.0.1' },
    ],
    [
      `${at}:2001:db8::1(5432):me@db:[12]:`,
      { pid: 12, port: 5432, user: 'me', database: 'db' },
      { ip_address: '2001:db8::1' },
    ],
    [`${at}::@:[12]:`, { pid: 12 }],
    [`${at}-65a4e000.4d2-`, { session: '65a4e000.4d2' }],
    [`${at} [12] 42P01 `, { pid: 12 }, { error_code: '42P01' }],
    [`${at} [12] 00000 `, { pid: 12 }, { error_code: undefined }],
    [`< ${at} >`, {}],
    [`user=me db=db ${at} `, { user: 'me', database: 'db' }],
    ['1705305600.000 [12] ', { pid: 12 }],
    [`${at} some thing [12] `, { pid: 12, prefix: 'some thing [12]' }],
    ['2024-01-15 09:00:00 CET [12] ', { pid: 12 }],
    ['2024-01-15 05:00:00 -03 [12] ', { pid: 12 }],
  ]
  for (const [prefix, metadata, fields] of cases) {
    const entry = Object(parse(`${prefix}LOG:  x`))
    t.equal(new Date(entry.timestamp).toISOString(), '2024-01-15T08:00:00.000Z', prefix)
    t.equal(entry.message, 'x', prefix)
    t.same(entry.metadata, { severity: 'LOG', ...metadata }, prefix)
    for (const [name, value] of Object.entries(fields ?? {})) t.equal(entry[name], value, prefix)
  }
  t.end()
})

t.test('postgres severities become levels', (t) => {
  const levels: Record<string, string> = {
    DEBUG: 'DEBUG',
    DEBUG1: 'DEBUG',
    DEBUG5: 'DEBUG',
    LOG: 'INFO',
    INFO: 'INFO',
    NOTICE: 'INFO',
    WARNING: 'WARNING',
    ERROR: 'ERROR',
    FATAL: 'CRITICAL',
    PANIC: 'CRITICAL',
    DETAIL: 'INFO',
    HINT: 'INFO',
    CONTEXT: 'INFO',
    STATEMENT: 'INFO',
    QUERY: 'INFO',
    LOCATION: 'INFO',
    FEHLER: 'ERROR',
    ERRO: 'ERROR',
    WARNUNG: 'WARNING',
    ОШИБКА: 'ERROR',
    DÉTAIL: 'INFO',
    'INSTRUCTION ': 'INFO',
  }
  for (const [word, level] of Object.entries(levels)) {
    const line = `2024-01-15 08:00:00 UTC [12] ${word}:  x`
    check(t, { line, time: TIME, level, message: 'x', metadata: { severity: word.trim(), pid: 12 } })
  }
  t.end()
})

t.test('postgres message gives duration, statement and SQLSTATE', (t) => {
  const cases: [string, string, Record<string, unknown>, string?][] = [
    [
      'duration: 12.345 ms  statement: SELECT 1',
      'duration: 12.345 ms  statement: SELECT 1',
      { duration: 0.012345 },
      'SELECT 1',
    ],
    ['duration: 0.327 ms', 'duration: 0.327 ms', { duration: 0.000327 }],
    [
      'duration: 1 ms  execute S_1/C_2: SELECT $1',
      'duration: 1 ms  execute S_1/C_2: SELECT $1',
      { duration: 0.001 },
      'SELECT $1',
    ],
    ['duration: 1.5 ms  plan:\n\tQuery Text: x', 'duration: 1.5 ms  plan:\n\tQuery Text: x', { duration: 0.0015 }],
    ['duration: 1.2.3 ms  x', 'duration: 1.2.3 ms  x', { duration: undefined }],
    ['duration: long', 'duration: long', { duration: undefined }],
    ['statement: SELECT\n\t1', 'statement: SELECT\n\t1', {}, 'SELECT\n\t1'],
    ['42P01: no such relation', 'no such relation', { error_code: '42P01' }],
    ['00000: hello', 'hello', { error_code: undefined }],
    ['HELLO: x', 'HELLO: x', { error_code: undefined }],
  ]
  for (const [text, message, fields, statement] of cases) {
    check(t, {
      line: `2024-01-15 08:00:00 UTC LOG:  ${text}`,
      level: 'INFO',
      message,
      fields,
      metadata: { severity: 'LOG', ...(statement === undefined ? {} : { statement }) },
    })
  }
  t.end()
})

t.test('line that begins with a tab goes on with a record of postgres', (t) => {
  const begins = (text: string) => createPostgresParser(context).startsRecord?.(lineOf(text))
  t.equal(begins('2024-01-15 08:00:00 UTC LOG:  x'), true)
  t.equal(begins("\t  'two lines"), false)
  t.equal(begins('cp: cannot stat'), true)
  t.end()
})

t.test('postgres parser refuses what is none of its lines', (t) => {
  const lines = [
    '',
    'ERROR:  x',
    '2024-01-15 08:00:00 ERROR: x',
    '2024-01-15 08:00:00 UTC [1] hello',
    '2024-01-15 08:00:00 UTC  FOO:  x',
    'x LOG:  y',
  ]
  for (const line of lines) t.type(parse(line), 'string', line)
  t.end()
})

t.test('postgres parser never throws, and loses nothing of what it takes', (t) => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('LOG:  ', '[12]', 'user=', 'me@db', ':', ',', '(1)', 'duration: 1 ms  ', '42P01: '),
  )
  fc.assert(
    fc.property(fc.array(piece), fc.boolean(), (pieces, isOurs) => {
      const tail = pieces.join('')
      const entry = parse(isOurs ? `2024-01-15 08:00:00 UTC ${tail}LOG:  ${tail}` : tail)
      if (typeof entry === 'string' || !isOurs) return
      const kept = JSON.stringify(entry)
      for (const word of tail.match(/[a-z]{5,}/g) ?? []) if (!kept.includes(word)) throw new Error(`Lost ${word}`)
    }),
  )
  fc.assert(fc.property(fc.uint8Array(), (bytes) => void parse(Buffer.from(bytes))))
  t.pass('for all of them')
  t.end()
})
