import t from 'tap'
import { LOG_LEVELS } from '../../src/model/log-entry.ts'
import {
  levelOfBytes,
  levelOfLetter,
  levelOfNumber,
  levelOfOtelNumber,
  levelOfSeverity,
  levelOfStatus,
  levelOfText,
} from '../../src/parse/level.ts'

function ofBytes(text: string): number {
  const bytes = Buffer.from(`x${text}x`)
  return levelOfBytes(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 1, bytes.length - 1)
}

const words: Record<string, string> = {
  DEBUG: 'trace Debug VERBOSE silly fine FINER FINEST all dbug trce DBG VRB TRC DEBU TRAC debug1 debug5 trace1 trace8',
  INFO: 'info Information informational NOTICE note config http log System default INF inform INFO2 STATEMENT DETAIL HINT CONTEXT',
  WARNING: 'warn WARNING Wrn WARN4',
  ERROR: 'error ERR SEVERE fail ERRO eror ERROR2',
  CRITICAL: 'fatal critical crit Alert emerg emergency panic DPANIC FTL FATA PANI Fault FATAL3',
}

t.test('level words mean the same as text and as bytes', async (t) => {
  for (const [level, list] of Object.entries(words)) {
    for (const word of list.split(' ')) {
      t.equal(LOG_LEVELS[levelOfText(word)], level, word)
      t.equal(LOG_LEVELS[ofBytes(word)], level, `${word} as bytes`)
    }
  }
  for (const word of [
    '',
    'off',
    'I',
    'inf0',
    'infos',
    'warn!',
    'constructor',
    'informationalx',
    '[nfo',
    'ıNFO',
    '\u0000',
  ]) {
    t.equal(levelOfText(word), -1, word)
    t.equal(ofBytes(word), -1, `${word} as bytes`)
  }
})

t.test('level numbers are those of pino, Google Cloud and logback, severities those of syslog', async (t) => {
  t.same([10, 20, 30, 40, 50, 60].map(levelOfNumber), [0, 0, 1, 2, 3, 4])
  t.same([100, 200, 300, 400, 500, 600, 700, 800].map(levelOfNumber), [0, 1, 1, 2, 3, 4, 4, 4])
  t.same([5000, 10_000, 20_000, 30_000, 40_000, 50_000].map(levelOfNumber), [0, 0, 1, 2, 3, 4])
  t.same([0, 35, 70, 900, -10, Number.NaN].map(levelOfNumber), [-1, -1, -1, -1, -1, -1])
  t.same([0, 1, 2, 3, 4, 5, 6, 7].map(levelOfSeverity), [4, 4, 4, 3, 2, 1, 1, 0])
  t.same([-1, 8, 2.5, Number.NaN].map(levelOfSeverity), [-1, -1, -1, -1])
})

t.test('level numbers of OpenTelemetry come in fours', async (t) => {
  t.same([1, 4, 5, 8, 9, 12, 13, 16, 17, 20, 21, 24].map(levelOfOtelNumber), [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4])
  t.same([0, 25, 1.5, Number.NaN].map(levelOfOtelNumber), [-1, -1, -1, -1])
})

t.test('level of an HTTP status is an error from 500 on, a warning from 400 on', async (t) => {
  t.same([200, 304, 399, 400, 499, 500, 599, 600, 0].map(levelOfStatus), [1, 1, 1, 2, 2, 3, 3, 1, 1])
})

t.test('level letters are those of glog and Android', async (t) => {
  t.same(
    [...'VTDIWEFCA'].map((letter) => levelOfLetter(letter.charCodeAt(0))),
    [0, 0, 0, 1, 2, 3, 4, 4, 4],
  )
  t.same(
    [...'Xdiwef0 '].map((letter) => levelOfLetter(letter.charCodeAt(0))),
    [-1, -1, -1, -1, -1, -1, -1, -1],
  )
})
