import fc from 'fast-check'
import t from 'tap'
import { type JoinConfig, MULTILINE_PRESETS } from '../../../src/config/steps.ts'
import { createJavaParser } from '../../../src/parse/formats/java.ts'
import { createJoinRule } from '../../../src/parse/join/join-rule.ts'
import { context, lineOf } from '../harness.ts'

/** The records of `text` as their numbers of lines. */
function recordsOf(config: JoinConfig, text: string): string[] {
  const rule = createJoinRule(config, createJavaParser(context))
  const records: string[] = []
  let isOpen = false
  for (const text_ of text.split('\n')) {
    const line = lineOf(text_)
    const begins = rule?.begins(line) ?? true
    if (begins || !isOpen) records.push(text_)
    else records.push(`${records.pop()}\n${text_}`)
    isOpen = !(rule?.ends?.(line) ?? false)
  }
  return records
}

/** Each text is one record; together, in any order, they are as many. */
const TRACES: Record<string, readonly string[]> = {
  java: [
    'request failed',
    'ERROR request failed\njava.lang.IllegalStateException: pool\n\tat a.b.C.d(C.java:1) ~[app.jar:?]\n\tSuppressed: java.io.IOException: x\n\t\tat a.B.c(B.java:2)\nCaused by: java.net.SocketTimeoutException: Read timed out\n\t... 12 more',
    'Exception in thread "main" java.lang.Error: boom\n\tat a.b.C.main(C.java:1)',
  ],
  python: [
    'listening',
    'ERROR failed\nTraceback (most recent call last):\n  File "a.py", line 1, in f\n    {}["k"]\n    ~~^^^^^\nKeyError: \'k\'\n\nThe above exception was the direct cause of the following exception:\n\nTraceback (most recent call last):\n  File "a.py", line 3, in g\n    raise ValueError(1) from e\nValueError: 1',
    'Exception in ASGI application\nTraceback (most recent call last):\n  File "a.py", line 1, in f\n  [Previous line repeated 996 more times]\nRecursionError: maximum recursion depth exceeded',
    'gave up\nTraceback (most recent call last):\n  File "a.py", line 1, in f\n    raise Oops\napp.Oops',
  ],
  go: [
    '2024/01/15 08:00:00 listening',
    '2024/01/15 08:00:00 accepted\npanic: boom [recovered]\n\tpanic: boom\n\ngoroutine 1 [running]:\nmain.f(...)\n\t/app/main.go:4\nmain.(*T).run(0xc000012345, {0x1, 0x2})\n\t/app/main.go:9 +0x18\ncreated by main.main in goroutine 1\n\t/app/main.go:12 +0x1d\nexit status 2',
    '2024/01/15 08:00:00 crashed\npanic: runtime error: invalid memory address or nil pointer dereference\n[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x45]\n\ngoroutine 1 [running]:\nmain.main()\n\t/app/main.go:5 +0x2',
  ],
  node: [
    'server started',
    "/app/a.js:1\nfunction f(){ throw new TypeError('boom') }\n              ^\n\nTypeError: boom\n    at f (/app/a.js:1:21)\n    at node:internal/main/run_main_module:33:47 {\n  [cause]: Error: inner\n      at f (/app/a.js:1:51)\n}\n\nNode.js v26.10.0",
    'Error: connect ECONNREFUSED 127.0.0.1:1\n    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1555:16)',
  ],
  ruby: [
    "a.rb:2:in `rescue in <main>': outer (RuntimeError)\n\tfrom a.rb:2:in `<main>'\na.rb:1:in `f': boom (ArgumentError)\n\tfrom a.rb:2:in `<main>'",
    'I, [2024-01-15] INFO -- : started',
  ],
  php: [
    '[25-Nov-2025 01:06:17 UTC] PHP Fatal error:  Uncaught RuntimeException: boom in /app/a.php:1\nStack trace:\n#0 /app/a.php(1): f(1)\n#1 {main}\n  thrown in /app/a.php on line 1',
    '[25-Nov-2025 01:06:17 UTC] PHP Warning:  Undefined variable $x in /app/a.php on line 1',
  ],
  dotnet: [
    'Unhandled exception. System.InvalidOperationException: outer\n ---> System.IO.IOException: inner\n   at App.F() in /app/P.cs:line 3\n   --- End of inner exception stack trace ---\n   at App.Main() in /app/P.cs:line 9',
    'info: App[0]\n      started',
  ],
  rust: [
    "thread 'main' (16884) panicked at a.rs:1:54:\nindex out of bounds: the len is 0 but the index is 3\nstack backtrace:\n   0: core::panicking::panic_fmt\n             at /rustc/x/panicking.rs:80:14\n   1: a::main\nnote: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.",
  ],
  postgres: [
    '2024-01-15 08:00:00.123 UTC [12] ERROR:  syntax error at or near "x" at character 1\n2024-01-15 08:00:00.123 UTC [12] STATEMENT:  select\n\tx\nfrom y',
    '2024-01-15 08:00:00.123 UTC [12] LOG:  duration: 1 ms  statement: select\n  1',
  ],
}

for (const preset of MULTILINE_PRESETS) {
  t.test(`${preset} preset joins the traces that programs write`, async (t) => {
    const texts = TRACES[preset] ?? []
    t.ok(texts.length > 0)
    const config: JoinConfig = { kind: 'presets', presets: [preset] }
    for (const text of texts) t.same(recordsOf(config, text), [text])
    t.same(recordsOf(config, texts.join('\n')), texts)
  })
}

t.test('presets together know the traces of all of them', async (t) => {
  const presets = MULTILINE_PRESETS.filter((preset) => preset !== 'postgres')
  const texts = ['java', 'python', 'go', 'php', 'dotnet'].flatMap((name) => TRACES[name] ?? [])
  t.same(recordsOf({ kind: 'presets', presets }, texts.join('\n')), texts)
})

t.test('a second trace is a record of its own', async (t) => {
  const traces = [
    'Traceback (most recent call last):\n  File "a.py", line 1, in f\nKeyError: 1',
    'Traceback (most recent call last):\n  File "a.py", line 1, in f\nKeyError: 2',
  ]
  t.same(recordsOf({ kind: 'presets', presets: ['python'] }, traces.join('\n')), traces)
  const errors = ['java.lang.Error: a\n\tat b.C.d(C.java:1)', 'java.lang.Error: b\n\tat b.C.d(C.java:1)']
  t.same(recordsOf({ kind: 'presets', presets: ['java'] }, errors.join('\n')), errors)
})

t.test('auto goes by the header of the format', async (t) => {
  const records = [
    '2024-01-15 08:00:00,123 INFO  [main] a.B - one\ntwo\n  three',
    '{"level":"info","msg":"of another kind"}',
    '<134>Jan 15 08:00:00 web-1 app: of another kind',
    '2024-01-15 08:00:00,123 ERROR [main] a.B - four\n<html>\n{\n"a": 1\n}\njava.lang.Error: x\n\tat a.B.c(B.java:1)',
  ]
  t.same(recordsOf({ kind: 'auto' }, records.join('\n')), records)
})

t.test('auto joins nothing in a format without headers, and none never does', async (t) => {
  t.equal(createJoinRule({ kind: 'auto' }, { tryParse: () => undefined }), undefined)
  t.equal(createJoinRule({ kind: 'none' }, createJavaParser(context)), undefined)
  t.equal(createJoinRule({ kind: 'presets', presets: [] }, createJavaParser(context)), undefined)
})

t.test('patterns say where records begin, go on and end', async (t) => {
  const cases: [JoinConfig, string[]][] = [
    [{ kind: 'start', pattern: '^\\d{4} ' }, ['2024 a\nb\nc', '2025 d']],
    [{ kind: 'continue', pattern: '^\\s|^é' }, ['2024 a\n b\né c', '2025 d']],
    [{ kind: 'until', pattern: ';$' }, ['select\n1;', 'select 2;', 'select']],
  ]
  for (const [config, records] of cases) t.same(recordsOf(config, records.join('\n')), records, config.kind)
})

t.test('pattern rules look at the first kilobyte only', async (t) => {
  t.same(recordsOf({ kind: 'start', pattern: 'X' }, `X\n${'a'.repeat(1023)}X\n${'a'.repeat(1024)}X`).length, 2)
})

t.test('rules take any bytes', async (t) => {
  const configs: JoinConfig[] = [
    { kind: 'auto' },
    { kind: 'presets', presets: [...MULTILINE_PRESETS] },
    { kind: 'until', pattern: 'x' },
  ]
  for (const config of configs) {
    const rule = createJoinRule(config, createJavaParser(context))
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        rule?.begins(lineOf(Buffer.from(bytes)))
        rule?.ends?.(lineOf(Buffer.from(bytes)))
      }),
      { numRuns: 300 },
    )
    t.pass(config.kind)
  }
})
