import t from 'tap'
import { LOG_LEVELS } from '../../src/model/log-entry.ts'
import { levelOfBytes, levelOfNumber, levelOfSeverity, levelOfText } from '../../src/parse/level.ts'

function ofBytes(text: string): number {
  const bytes = Buffer.from(`x${text}x`)
  return levelOfBytes(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 1, bytes.length - 1)
}

const words: Record<string, string> = {
  trace: 'DEBUG',
  Debug: 'DEBUG',
  VERBOSE: 'DEBUG',
  fine: 'DEBUG',
  FINEST: 'DEBUG',
  debug5: 'DEBUG',
  info: 'INFO',
  Information: 'INFO',
  informational: 'INFO',
  NOTICE: 'INFO',
  warn: 'WARNING',
  WARNING: 'WARNING',
  Wrn: 'WARNING',
  error: 'ERROR',
  ERR: 'ERROR',
  SEVERE: 'ERROR',
  fatal: 'CRITICAL',
  critical: 'CRITICAL',
  crit: 'CRITICAL',
  Alert: 'CRITICAL',
  emerg: 'CRITICAL',
  emergency: 'CRITICAL',
  panic: 'CRITICAL',
}

t.test('level words mean the same as text and as bytes', async (t) => {
  for (const [word, level] of Object.entries(words)) {
    t.equal(LOG_LEVELS[levelOfText(word)], level, word)
    t.equal(LOG_LEVELS[ofBytes(word)], level, `${word} as bytes`)
  }
  for (const word of ['', 'inf0', 'infos', 'warn!', 'constructor', 'informationalx', '[nfo', 'ıNFO', '\u0000']) {
    t.equal(levelOfText(word), -1, word)
    t.equal(ofBytes(word), -1, `${word} as bytes`)
  }
})

t.test('level numbers are those of pino, severities those of syslog', async (t) => {
  t.same([10, 20, 30, 40, 50, 60].map(levelOfNumber), [0, 0, 1, 2, 3, 4])
  t.same([0, 35, 70, -10, Number.NaN].map(levelOfNumber), [-1, -1, -1, -1, -1])
  t.same([0, 1, 2, 3, 4, 5, 6, 7].map(levelOfSeverity), [4, 4, 4, 3, 2, 1, 1, 0])
  t.same([-1, 8, 2.5, Number.NaN].map(levelOfSeverity), [-1, -1, -1, -1])
})
