import t from 'tap'
import { createJavaParser } from '../../../src/parse/formats/java.ts'
import { goldens } from '../goldens.ts'
import { context, lineOf } from '../harness.ts'
import { checkCases, checkMisfits, checkMutations, entryOf } from './header-cases.ts'

goldens(t, 'java', createJavaParser)

t.test('java parser takes headers in any of the usual orders', async (t) => {
  checkCases(t, createJavaParser, [
    [
      '2024-01-15 08:00:00.123  INFO [svc,65a4d3b1c8f2a1b2,c8f2a1b265a4d3b1,true] 123 --- [nio-1] c.e.App : m',
      'INFO',
      'm',
      { thread: 'nio-1', logger: 'c.e.App', pid: 123, application: 'svc', context: 'true' },
    ],
    [
      '2015-07-29 19:04:12,394 - WARN  [/10.10.34.11:3888:QuorumCnxManager$Listener@493] - m',
      'WARNING',
      'm',
      { thread: '/10.10.34.11:3888', logger: 'QuorumCnxManager$Listener', location: '493' },
    ],
    [
      '[2024-01-15 08:00:00,123] INFO [KafkaServer id=1] started (kafka.server.KafkaServer)',
      'INFO',
      '[KafkaServer id=1] started',
      { logger: 'kafka.server.KafkaServer' },
    ],
    [
      '[2016-01-15 08:00:00,123][INFO ][node                     ] [Hammerhead] version[2.3.4], pid[1]',
      'INFO',
      'version[2.3.4], pid[1]',
      { logger: 'node', node: 'Hammerhead' },
    ],
    [
      ' INFO [main] 2013-01-15 08:00:00,123 CassandraDaemon.java (line 123) m',
      'INFO',
      'm',
      { thread: 'main', location: 'CassandraDaemon.java (line 123)' },
    ],
    [
      '[2024-01-15 08:00:00,123] [INFO] [akka.event.Slf4jLogger] [main] [] - m',
      'INFO',
      'm',
      { logger: 'akka.event.Slf4jLogger', thread: 'main' },
    ],
    [
      '2024-01-15 08:00:00.123 INFO  (qtp12-34) [c:coll x:coll] o.a.s.c.S.Request [coll]  webapp=/solr',
      'INFO',
      '[coll]  webapp=/solr',
      { thread: 'qtp12-34', logger: 'o.a.s.c.S.Request', context: 'c:coll x:coll' },
    ],
    [
      '2024-01-15 08:00:00,123 WARN  org.apache.hadoop.hdfs.DFSClient (DFSClient.java:foo(123)) - slow',
      'WARNING',
      'slow',
      { logger: 'org.apache.hadoop.hdfs.DFSClient', location: 'DFSClient.java:foo(123)' },
    ],
    ['2024-01-15 08:00:00,123 INFO  starting 2 - 3 workers: now', 'INFO', 'starting 2 - 3 workers: now'],
    ['2024-01-15 08:00:00,123 ERROR http://x/y: failed', 'ERROR', 'http://x/y: failed'],
    ['2024-01-15 08:00:00,123 FATAL', 'CRITICAL', ''],
    [
      '08:00:00.123 [main] DEBUG com.e.App -- m',
      'DEBUG',
      'm',
      { timestamp_raw: '08:00:00.123', thread: 'main', logger: 'com.e.App' },
    ],
    ['467 [main] INFO org.apache.App  - m', 'INFO', 'm', { uptime: '467', thread: 'main', logger: 'org.apache.App' }],
    [
      'Jan 15, 2024 8:00:00 AM com.e.Foo <init>\r\nSEVERE: m\r\nn',
      'ERROR',
      'm\r\nn',
      { logger: 'com.e.Foo', location: '<init>' },
    ],
  ])
})

t.test('java parser leaves the lines of other formats alone', async (t) => {
  checkMisfits(t, createJavaParser, [
    '',
    ' ',
    '[',
    'INFO: message of java.util.logging',
    '2024-01-15 08:00:00 Some ordinary line INFO here',
    '2024/01/15 08:00:00 [error] 123#123: *1 open() failed',
    '[Sun Dec 04 04:47:44 2005] [error] mod_jk child workerEnv in error state 6',
    '2024-01-15T08:00:00+00:00 web-1 sshd[12]: error: no',
    '2024-01-15T08:00:00+00:00 web-1 app: error: no',
    '2016-10-06T00:17:09.669794202Z stdout F INFO foo',
    '2024-01-15 08:00:00.123 UTC [123] LOG:  database system is ready',
    '2024-01-15 08:00:00.123 UTC [123] ERROR:  relation "x" does not exist',
    '{"level":"INFO"}',
    'Exception in thread "main" java.lang.Error',
  ])
})

t.test('java parser takes the trace out of the message', async (t) => {
  const trace =
    'java.lang.IllegalStateException: pool: empty\n\tat a.b.C.d(C.java:1)\nCaused by: java.io.IOException: x\n\t... 12 more'
  t.match(entryOf(createJavaParser, `2024-01-15 08:00:00,123 ERROR [main] a.B - failed\nmore\n${trace}`), {
    message: 'failed\nmore',
    stack_trace: trace,
    error_message: 'pool: empty',
    metadata: { exception: 'java.lang.IllegalStateException' },
  })
  t.match(entryOf(createJavaParser, '2024-01-15 08:00:00,123 ERROR a.B - java.lang.Error: x\n\tat a.B.c(B.java:1)'), {
    message: 'java.lang.Error: x',
    stack_trace: '\tat a.B.c(B.java:1)',
  })
})

t.test('java records begin with a header', async (t) => {
  const parser = createJavaParser(context)
  for (const text of [
    '2024-01-15 08:00:00,123 INFO x',
    '[2024-01-15T08:00:00,123][INFO ]',
    'INFO  [main] 2024-01-15 08:00:00,123 x',
    'Jan 15, 2024 8:00:00 AM a.B c',
  ])
    t.equal(parser.startsRecord?.(lineOf(text)), true, text)
  for (const text of [
    '',
    'INFO: x',
    '\tat a.B.c(B.java:1)',
    'Caused by: a.B: x',
    'java.lang.Error',
    '... 3 more',
    '  2024-01-15 08:00:00,123 x',
    '[1, 2]',
  ])
    t.equal(parser.startsRecord?.(lineOf(text)), false, text)
})

t.test('java parser takes any bytes and loses nothing', async (t) => {
  checkMutations(t, createJavaParser, [
    '2024-01-15 08:00:00.123  INFO 4711 --- [alpha] c.bravo.App [charlie] : delta echo',
    '[2024-01-15 08:00:00,123] WARN alpha [bravo] 4711 charlie delta (echo.Logger)',
    '2015-07-29 19:04:12,394 - WARN  [alpha:bravo@4711] - charlie\njava.lang.delta: echo\n\tat a.B(C.java:1)',
    'INFO  [alpha] 2024-01-15 08:00:00,123 bravo.java:4711 - charlie delta echo',
    '2024-01-15 08:00:00,123 alpha INFO [bravo] [charlie] delta - echo 4711',
    'Jan 15, 2024 8:00:00 AM alpha.bravo charlie\nINFO: delta echo 4711',
  ])
})
