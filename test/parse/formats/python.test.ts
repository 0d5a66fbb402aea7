import t from 'tap'
import { createPythonParser } from '../../../src/parse/formats/python.ts'
import { goldens } from '../goldens.ts'
import { context, lineOf } from '../harness.ts'
import { checkCases, checkMisfits, checkMutations, entryOf } from './header-cases.ts'

goldens(t, 'python', createPythonParser)

t.test('python parser takes the layouts of logging and of frameworks', async (t) => {
  checkCases(t, createPythonParser, [
    ['2024-01-15 08:00:00,123 - my.app - INFO - m - here', 'INFO', 'm - here', { logger: 'my.app' }],
    ['I, [2024-01-15T08:00:00.123456 #12]  INFO -- app:   m', 'INFO', '  m', { pid: 12, logger: 'app' }],
    ['A, [2024-01-15T08:00:00.123456 #12]   ANY -- : m', 'INFO', 'm', { pid: 12 }],
    ['[2024-01-15 08:00:00] production.ERROR: m {"a":1} []', 'ERROR', 'm {"a":1} []', { logger: 'production' }],
    ['[2024-01-15T08:00:00Z WARN  app::db] m', 'WARNING', 'm', { logger: 'app::db' }],
    [
      '01-15 08:00:00.123  1702  2395 D WindowManager: m',
      'DEBUG',
      'm',
      { pid: 1702, thread: '2395', logger: 'WindowManager' },
    ],
    ['2024-01-15 08:00:00.123456 W | etcdserver: m', 'WARNING', 'm', { logger: 'etcdserver' }],
    ['[W 08:00:00.123 NotebookApp] m', 'WARNING', 'm', { timestamp_raw: '08:00:00.123', logger: 'NotebookApp' }],
    ['2024-01-15 08:00:00,123 INFO     a.b main.py:42 m', 'INFO', 'm', { logger: 'a.b', location: 'main.py:42' }],
    ['2024-01-15 08:00:00,123 INFO read main.py:42 ok', 'INFO', 'read main.py:42 ok'],
    ['WARNING:root:m', 'WARNING', 'm', { logger: 'root' }],
    ['Level 45:root:m', 'ERROR', 'm', { logger: 'root' }],
    ['2024-01-15 08:00:00,123 [Level 5] root: m', 'DEBUG', 'm', { logger: 'root' }],
    ['2024-01-15 08:00:00,123 INFO success: web entered RUNNING state', 'INFO', 'success: web entered RUNNING state'],
    ['[2024-01-15 08:00:00,123: WARNING/ForkPoolWorker-1] m', 'WARNING', 'm', { thread: 'ForkPoolWorker-1' }],
    [
      '2024-01-15 08:00:00.123 | SUCCESS  | __main__:<module>:12 - m',
      'INFO',
      'm',
      { logger: '__main__', location: '<module>:12' },
    ],
    [
      '2017-05-16 00:00:04.500 2931 INFO nova.virt.libvirt.imagecache [-] m',
      'INFO',
      'm',
      { pid: 2931, logger: 'nova.virt.libvirt.imagecache' },
    ],
    [
      'INFO 2024-01-15 08:00:00,123 views 12 140290924412992 m',
      'INFO',
      'm',
      { logger: 'views', pid: 12, thread: '140290924412992' },
    ],
    [
      '2024-01-15 08:00:00,123:DEBUG:certbot._internal.main:certbot version: 2.1.0',
      'DEBUG',
      'certbot version: 2.1.0',
      { logger: 'certbot._internal.main' },
    ],
  ])
})

t.test('python parser takes the request out of access lines', async (t) => {
  t.match(entryOf(createPythonParser, '127.0.0.1 - - [15/Jan/2024 08:00:00] "GET /a b HTTP/1.1" 503 -'), {
    timestamp: '2024-01-15T08:00:00Z',
    level: 'ERROR',
    method: 'GET',
    path: '/a b',
    status_code: 503,
    ip_address: '127.0.0.1',
  })
})

t.test('python parser leaves the lines of other formats alone', async (t) => {
  checkMisfits(t, createPythonParser, [
    '',
    'ERROR: make failed',
    '2024-01-15T08:00:00.123Z\tINFO\thttp\tserver.go:12\tm',
    '2024-01-15T08:00:00.123Z\tINFO\tm\t{"a": 1}',
    'I, [2024-01-15T08:00:00] INFO -- m',
    '2024-01-15 08:00:00.123  INFO 12345 --- [main] c.e.App : m',
    '[2024-01-15 08:00:00,123] INFO m (kafka.server.KafkaServer)',
    '2024-01-15 08:00:00,123 [main] INFO  c.e.App - m',
    'Traceback (most recent call last):',
    'ValueError: x',
    '127.0.0.1 - - [15/Jan/2024:08:00:00 +0000] "GET / HTTP/1.1" 404 - "x"',
    '2024/01/15 08:00:00 [error] 123#123: *1 open() failed',
    '2024-01-15T08:00:00+00:00 web-1 app: error: no',
  ])
})

t.test('python parser takes the traceback out of the message, and the last exception out of that', async (t) => {
  const trace =
    'Traceback (most recent call last):\n  File "a", line 1\n    x\nKeyError: 1\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  File "b", line 1\n    raise X\nmy.mod.Oops: why: so'
  t.match(entryOf(createPythonParser, `ERROR:a.b:failed\n${trace}`), {
    message: 'failed',
    stack_trace: trace,
    error_message: 'why: so',
    metadata: { exception: 'my.mod.Oops', logger: 'a.b' },
  })
})

t.test('python records begin with a header', async (t) => {
  const parser = createPythonParser(context)
  for (const text of [
    '2024-01-15 08:00:00,123 x',
    'INFO:root:x',
    'INFO:     x',
    '[I 2024-01-15 08:00:00.123 App] x',
    'a.log 2024-01-15 08:00:00.123 1 INFO a.b [-] x',
  ])
    t.equal(parser.startsRecord?.(lineOf(text)), true, text)
  for (const text of [
    '',
    'Traceback (most recent call last):',
    '  File "a"',
    'ValueError: x',
    'KeyError',
    'During handling of',
  ])
    t.equal(parser.startsRecord?.(lineOf(text)), false, text)
})

t.test('python parser takes any bytes and loses nothing', async (t) => {
  checkMutations(t, createPythonParser, [
    '2024-01-15 08:00:00,123 - alpha.bravo - INFO - charlie delta echo 4711',
    'WARNING:alpha:bravo charlie delta\necho 4711',
    '2017-05-16 00:00:00.008 4711 INFO nova.alpha [req-bravo charlie - -] delta echo',
    '[2024-01-15 08:00:00,123: INFO/alpha] bravo charlie[delta] echo 4711',
    'alpha - - [15/Jan/2024 08:00:00] "GET /bravo?charlie HTTP/1.1" 471 delta echo 4711',
  ])
})
