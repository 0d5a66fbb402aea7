/** Lines found by fuzz.test.ts that threw, lost something or were read otherwise than alone, each with what it was that broke. */
import t from 'tap'
import { type Outcome, outcomeOf, readAgain } from './fuzz-entry.ts'
import { subjects } from './fuzz-subjects.ts'
import { lostWords, wordRules } from './fuzz-words.ts'
import { lineOf } from './harness.ts'

const ACCESS = '1.2.3.4 - - [25/Nov/2025:00:47:40 +0000] "GET / HTTP/1.1" 200 6 "-" "b"'

const NO_DAY = '[Tue Nov 35 00:47:40.158290 2025] [core:info] x'

/** By format: what broke, and the lines that one parser reads after each other. */
const FOUND: readonly [string, string, readonly (string | Buffer)[]][] = [
  ['syslog', 'a number in brackets that are part of the name', ['2026-02-25T00:47:41+0000 web-1 journald[31566]x: up']],
  ['syslog', 'a word in angle brackets that is no level', ['Jul  3 06:17:58 host process[12] <Nonotice>: hi']],
  ['k8s', 'a thread of more digits than a double holds', ['I0115 08:00:00.123456 14023450234567890 train.py:12] up']],
  ['nginx', 'half a character', ['2025/11/25 00:47:08 [debug] 30803#30803:ünknown']],
  [
    'nginx',
    'the second of two keys for one field',
    [`${ACCESS} request_id=first req_id=second rt=0.125 request_time=0.25`],
  ],
  ['nginx', 'the end of something in base64', [`${ACCESS} "c2VjcmV0dA=" dGVzdDE=`]],
  ['apache', 'decimals of a time that was none', [ACCESS, NO_DAY, ACCESS]],
  [
    'apache',
    'another word than tid',
    ['[Tue Nov 25 00:47:40.646562 2025] [core:info] [pid 31444:xyz 31473] [client 1.2.3.4:5] x'],
  ],
  ['postgres', 'a second unknown part of the prefix', ['abc 2025-11-25 00:48:44.077 UTC [3>2747] LOG:  x']],
  ['nginx', 'a key before a quote, cut there', [`${ACCESS} "urt="-`, `${ACCESS} urt="-`]],
  ['postgres', 'a process and no line', ['2025-11-25 00:48:44.077 UTC [32724-] LOG:  x']],
  ['postgres', 'a client and no port', ['2025-11-25 00:48:44.077 UTC host() LOG:  x']],
  ['postgres', 'a second client', ['2025-11-25 00:48:44.077 UTC 10.0.0.1 10.0.0.2 LOG:  x']],
  [
    'python',
    'the second context',
    ['2024-01-15 08:00:00,123 - synapse.app - 460 - one.two - 461 three=- INFO - GET-1 - msg'],
  ],
  [
    'go',
    'all that follows a colour cut short',
    ['2024-01-15T08:00:00.123+0100\t\x1b[34mINFO\x1b8 caller=manager.go:214 more'],
  ],
  ['go', 'the text within what is no colour', ['\x1b[36mINFO\x1b[0level_rawm[0012] A walrus appears']],
  ['logfmt', 'a message without a value at the end', [Buffer.from('level=info a=\xff msg=', 'latin1')]],
  [
    'journal-export',
    'that a time was no UTF-8',
    [Buffer.from('__CURSOR=s\n__REALTIME_TIMESTAMP=17\xf0\x9f06\nMESSAGE=m\n', 'latin1')],
  ],
]

for (const [name, what, lines] of FOUND) {
  t.test(`${name} gets right: ${what}`, async (t) => {
    const format = subjects().find((subject) => subject.name === name)
    const parser = format?.create()
    if (format === undefined || parser === undefined) throw new Error(`there is ${name}`)
    for (const line of lines) {
      const outcome: Outcome = outcomeOf(parser, lineOf(line))
      t.equal(outcome.text, outcomeOf(format.create(), lineOf(line)).text, 'as alone')
      t.same(lostWords(line.toString(), outcome, wordRules(name)), [])
      if (outcome.entry !== undefined) t.same(readAgain(outcome.entry), outcome.entry)
    }
  })
}
