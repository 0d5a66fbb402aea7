import { execFileSync } from 'node:child_process'
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import t from 'tap'
import { Secret } from '../src/config/secret.ts'
import { FatalError } from '../src/errors.ts'
import { logDestination } from '../src/own-log/destination.ts'
import { textLine } from '../src/own-log/text.ts'
import { loggerOptions, type OwnLog, ownLog, postingLog } from '../src/own-log.ts'
import type { Clock } from '../src/run/clock.ts'
import type { LogRecord, OwnLevel } from '../src/run/log-record.ts'

/** A clock that stands until it is moved. */
class HandClock implements Clock {
  ms = Date.UTC(2026, 0, 2, 3, 4, 5, 6)
  nowMs = (): number => this.ms
  monotonicMs = (): number => this.ms
  sleep = (): Promise<void> => Promise.resolve()
}

interface Printed {
  readonly own: OwnLog
  readonly clock: HandClock
  readonly lines: string[]
  readonly suppressed: () => number
  readonly json: () => Record<string, unknown>[]
}

/** A log through a real pino, into memory. */
function printing(level: OwnLevel = 'debug'): Printed {
  const clock = new HandClock()
  const lines: string[] = []
  let suppressed = 0
  const logger = pino(loggerOptions(), { write: (line: string) => lines.push(line) })
  const onSuppressed = (count: number): void => {
    suppressed += count
  }
  const own = ownLog(logger, { level }, { clock, onSuppressed })
  return { own, clock, lines, suppressed: () => suppressed, json: () => lines.map((line) => JSON.parse(line)) }
}

t.test('a message is one line of JSON with level, time, component and msg', (t) => {
  const { own, lines, json } = printing()
  own.log.child('tail').warn('Cannot open a file', { path: '/var/log/a\nb', lines: 3n })
  t.equal(lines.length, 1)
  t.match(lines[0], /^\{.*\}\n$/)
  t.strictSame(json()[0], {
    level: 'warn',
    time: '2026-01-02T03:04:05.006Z',
    component: 'tail',
    path: '/var/log/a\nb',
    lines: '3',
    msg: 'Cannot open a file',
  })
  t.end()
})

t.test('a message is printed as it is, placeholders included', (t) => {
  const { own, json } = printing()
  own.log.info('100 %s of %d %% done %o', { a: 1 })
  t.equal(json()[0]?.msg, '100 %s of %d %% done %o')
  t.end()
})

t.test('an error is told with its stack, code, hint and causes', (t) => {
  const { own, json } = printing()
  const cause = Object.assign(new Error('disk is gone'), { code: 'EIO' })
  own.log.error('Cannot start', { error: new FatalError('Cannot open', { exitCode: 1, hint: 'look', cause }) })
  own.log.error('Cannot go on', { error: 'a text was thrown' })
  t.match(json()[0]?.error, {
    name: 'FatalError',
    message: 'Cannot open',
    hint: 'look',
    stack: /own-log\.test\.ts/,
    cause: { message: 'disk is gone', code: 'EIO' },
  })
  t.equal(json()[1]?.error, 'a text was thrown')
  t.end()
})

t.test('a field that cannot be told costs only itself', (t) => {
  const { own, lines, json } = printing()
  const circle: Record<string, unknown> = {}
  circle.self = circle
  const looped = new Error('looped')
  looped.cause = looped
  const throwing = {
    toJSON: () => {
      throw new Error('no')
    },
  }
  own.log.info('x', { circle, throwing, fine: 1, secret: new Secret('canary'), nothing: undefined, error: looped })
  own.log.info('y', { level: 'fatal', msg: 'forged', time: 0, component: 'kernel' })
  t.match(json()[0], { circle: '[not JSON]', throwing: '[not JSON]', fine: 1, secret: '***', msg: 'x' })
  t.notMatch(lines.join(), 'canary')
  t.match(json()[1], { level: 'info', msg: 'y', component: 'agent', msg_: 'forged', level_: 'fatal' })
  t.end()
})

t.test('a level can be changed while the log is in use', (t) => {
  const { own, json } = printing('warn')
  const log = own.log.child('x')
  for (const level of ['error', 'debug', 'info'] as const) {
    own.setLevel(level)
    for (const each of ['debug', 'info', 'warn', 'error'] as const) log[each](`${each} at ${level}`)
  }
  t.strictSame(
    json().map(({ msg }) => msg),
    [
      'error at error',
      'debug at debug',
      'info at debug',
      'warn at debug',
      'error at debug',
      'info at info',
      'warn at info',
      'error at info',
    ],
  )
  t.end()
})

t.test('a message that repeats is said ten times a minute and then summed up', (t) => {
  const { own, clock, json, suppressed } = printing()
  for (let i = 0; i < 1000; i++) own.log.warn('Cannot send', { i })
  t.equal(json().length, 10)
  t.equal(suppressed(), 990)
  clock.ms += 59_999
  own.log.warn('Something else')
  own.flush()
  t.equal(json().length, 11, 'the minute is not over')
  clock.ms += 1
  own.log.info('Unrelated')
  t.match(json()[11], { level: 'warn', msg: 'Cannot send … suppressed 990', suppressed: 990 })
  t.match(json()[12], { msg: 'Unrelated' })
  own.log.warn('Cannot send')
  t.equal(json().length, 14, 'and may be said again')
  t.end()
})

t.test('a summary comes without another message when it is asked for', (t) => {
  const { own, clock, json } = printing()
  for (let i = 0; i < 11; i++) own.log.error('Again')
  clock.ms += 60_000
  own.flush()
  own.flush()
  t.equal(json().length, 11)
  for (let i = 0; i < 11; i++) own.log.error('Again')
  own.flush({ all: true })
  t.equal(json().at(-1)?.msg, 'Again … suppressed 1', 'also before its minute is over, at the end of the process')
  t.end()
})

t.test('repeats are told apart by level, component and message', (t) => {
  const { own, json } = printing()
  for (let i = 0; i < 10; i++) {
    own.log.warn('a')
    own.log.error('a')
    own.log.child('b').warn('a')
    own.log.warn('b')
  }
  t.equal(json().length, 40)
  t.end()
})

t.test('debug messages are never held back', (t) => {
  const { own, json } = printing()
  for (let i = 0; i < 100; i++) own.log.debug('Request answered')
  t.equal(json().length, 100)
  t.end()
})

t.test('messages that are never the same are held back together, in bounded memory', (t) => {
  const { own, json, suppressed } = printing()
  for (let i = 0; i < 5000; i++) own.log.warn(`message ${i}`)
  t.equal(json().length, 1010)
  t.equal(suppressed(), 3990)
  own.flush({ all: true })
  t.match(json().at(-1)?.msg, 'Too many different messages … suppressed 3990')
  t.end()
})

t.test('a thread posts plain records, and main writes them with their own time', (t) => {
  const { own, clock, json } = printing('error')
  const posted: LogRecord[] = []
  const thread = postingLog(
    { level: 'info' },
    { clock, onSuppressed: () => {}, post: (record) => posted.push(structuredClone(record)) },
  )
  const error = Object.assign(new Error('no'), { code: 'EACCES', notCloneable: () => {} })
  thread.log.child('tail').info('Cannot read', { error, check: () => {}, path: '/a' })
  thread.log.debug('not at this level')
  clock.ms += 5000
  for (const record of posted) own.replay(record)
  t.equal(json().length, 1, 'the thread has judged the level')
  t.match(json()[0], {
    level: 'info',
    time: '2026-01-02T03:04:05.006Z',
    component: 'tail',
    path: '/a',
    error: { code: 'EACCES', stack: /Error: no/ },
  })
  t.end()
})

t.test('a text line shows what came from outside and obeys none of it', (t) => {
  const time = '2026-01-02T03:04:05.006Z'
  for (const [record, text] of [
    [
      { level: 'info', time, component: 'api', msg: 'Listening', port: 9610 },
      `${time} INFO  api Listening port=9610\n`,
    ],
    [{ level: 'warn', time, component: 'x', msg: 'a\nb' }, `${time} WARN  x a\\nb\n`],
    [{ level: 'warn', time, component: 'x', msg: 'm', path: 'a b' }, `${time} WARN  x m path="a b"\n`],
    [{ level: 'warn', time, component: 'x', msg: 'm', path: '\u001b[2J' }, `${time} WARN  x m path=\\u001b[2J\n`],
    [
      { level: 'warn', time, component: 'x', msg: '\u009b2J\u202ecod\u2066' },
      `${time} WARN  x \\u009b2J\\u202ecod\\u2066\n`,
    ],
    [
      { level: 'warn', time, component: 'x', msg: '\r\u2028\u0000\u007f' },
      `${time} WARN  x \\u000d\\u2028\\u0000\\u007f\n`,
    ],
    [{ level: 'warn', time, component: 'x', msg: 'm', 'a\nb': 'c=d' }, `${time} WARN  x m a\\nb="c=d"\n`],
    [{ level: 'warn', time, component: 'x', msg: 'm', list: [1, 'a'] }, `${time} WARN  x m list="[1,\\"a\\"]"\n`],
    [{ level: 'error', time, component: 'x', msg: 'm', error: 'why not' }, `${time} ERROR x m error="why not"\n`],
  ] as const) {
    t.equal(textLine(`${JSON.stringify(record)}\n`), text)
  }
  t.equal(textLine('not JSON\u001b\n'), 'not JSON\\u001b\n')
  t.equal(textLine('null\n'), 'null\n')
  t.end()
})

t.test('a stack trace stands indented under its line, so that no line of it passes for a message', (t) => {
  const { own, lines } = printing()
  const forged = '2026-01-01T00:00:00.000Z ERROR kernel on fire'
  own.log.error('Cannot', { error: new Error(`x\n${forged}`, { cause: new Error(`y\n${forged}`) }) })
  const [first, ...rest] = textLine(lines[0] ?? '')
    .trimEnd()
    .split('\n')
  t.match(first, /^2026-01-02T03:04:05.006Z ERROR agent Cannot$/)
  t.ok(rest.length > 4)
  t.ok(rest.every((line) => line.startsWith('    ')))
  t.match(rest.join('\n'), 'caused by:')
  t.end()
})

t.test('a reader that goes away, or does not read, costs lines and nothing else', (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'obs-agent-log-'))
  t.teardown(() => rmSync(dir, { recursive: true }))
  const path = join(dir, 'pipe')
  execFileSync('mkfifo', [path])
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const writer = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)
  t.teardown(() => closeSync(writer))
  let lost = 0
  const destination = logDestination({ fd: writer, format: 'json' }, { onLost: () => void lost++ })
  for (let i = 0; i < 2000; i++) destination.write(`{"i":${i},"pad":"${'x'.repeat(100)}"}\n`)
  t.ok(lost > 0 && lost < 2000, `the pipe is full: ${lost} lost`)
  closeSync(reader)
  const before = lost
  for (let i = 0; i < 10; i++) destination.write('{}\n')
  t.equal(lost, before, 'nobody listens: nothing to count')
  t.end()
})

t.test('a line that was cut does not spoil the next', (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'obs-agent-log-'))
  t.teardown(() => rmSync(dir, { recursive: true }))
  const path = join(dir, 'pipe')
  execFileSync('mkfifo', [path])
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const writer = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)
  t.teardown(() => [reader, writer].forEach((fd) => void closeSync(fd)))
  let lost = 0
  const destination = logDestination({ fd: writer, format: 'json' }, { onLost: () => void lost++ })
  // Longer than a pipe holds (64 KiB), so a part of it is written.
  destination.write(`${JSON.stringify({ pad: 'x'.repeat(100_000) })}\n`)
  t.equal(lost, 1)
  const piece = Buffer.alloc(128 * 1024)
  const cut = readSync(reader, piece)
  t.ok(cut > 0 && cut < 100_000)
  destination.write('{"next":1}\n')
  t.equal(piece.toString('utf8', 0, readSync(reader, piece)), '\n{"next":1}\n')
  t.end()
})
