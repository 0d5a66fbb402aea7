/**
 * Words and numbers for severities, onto indexes of LOG_LEVELS. −1 stands for "no such level" throughout; what to do about
 * that is the caller's choice.
 */
import { LOG_LEVELS, type LogLevel } from '../model/log-entry.ts'

/** The level of a line that does not say. */
export const INFO = LOG_LEVELS.indexOf('INFO')

/** syslog(3), log4j, java.util.logging, Python, .NET, Go's loggers, npm and Postgres. */
const WORDS: Record<LogLevel, string> = {
  DEBUG: 'trace debug verbose silly all fine finer finest dbug dbg trc debug1 debug2 debug3 debug4 debug5',
  INFO: 'info information informational inform notice config log inf',
  WARNING: 'warn warning wrn',
  ERROR: 'error err severe eror',
  CRITICAL: 'fatal critical crit alert emerg emergency panic dpanic ftl',
}

/** Letters and digits of the longest word. */
const MAX_WORD_LENGTH = 13

const LEVEL_OF_WORD: ReadonlyMap<string, number> = new Map(
  LOG_LEVELS.flatMap((level, index) => WORDS[level].split(' ').map((word): [string, number] => [word, index])),
)

export function levelOfText(word: string): number {
  return word.length > MAX_WORD_LENGTH ? -1 : (LEVEL_OF_WORD.get(word.toLowerCase()) ?? -1)
}

/** pino and bunyan: 10 trace, 20 debug, 30 info, 40 warn, 50 error, 60 fatal. */
export function levelOfNumber(number: number): number {
  switch (number) {
    case 10:
    case 20:
      return 0
    case 30:
      return 1
    case 40:
      return 2
    case 50:
      return 3
    case 60:
      return 4
    default:
      return -1
  }
}

/** RFC 5424, 6.2.1: 0–2 emergency to critical, 3 error, 4 warning, 5 notice, 6 informational, 7 debug. */
export function levelOfSeverity(severity: number): number {
  if (!Number.isInteger(severity) || severity < 0 || severity > 7) return -1
  if (severity <= 2) return 4
  if (severity === 3) return 3
  if (severity === 4) return 2
  return severity === 7 ? 0 : 1
}

// The same words for bytes, without making a string of them: folded to lower case and mixed to one number, they are looked
// up in an open table and then compared letter by letter.
const SLOTS = 256
const SLOT_BYTES = 16
const slotLevels = new Int8Array(SLOTS).fill(-1)
/** Per slot: the word's length, then its letters. */
const slotWords = new DataView(new ArrayBuffer(SLOTS * SLOT_BYTES))
for (const [word, level] of LEVEL_OF_WORD) {
  let hash = word.length
  for (let i = 0; i < word.length; i++) hash = (Math.imul(hash, 31) + word.charCodeAt(i)) | 0
  let slot = hash & (SLOTS - 1)
  while (slotLevels[slot] !== -1) slot = (slot + 1) & (SLOTS - 1)
  slotLevels[slot] = level
  slotWords.setUint8(slot * SLOT_BYTES, word.length)
  for (let i = 0; i < word.length; i++) slotWords.setUint8(slot * SLOT_BYTES + 1 + i, word.charCodeAt(i))
}

/** The level of the word in bytes [start, end) of `view`, in any case. */
export function levelOfBytes(view: DataView, start: number, end: number): number {
  const length = end - start
  if (length === 0 || length > MAX_WORD_LENGTH) return -1
  let hash = length
  for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + lowerCase(view.getUint8(i))) | 0
  for (let slot = hash & (SLOTS - 1); ; slot = (slot + 1) & (SLOTS - 1)) {
    const level = slotLevels[slot] ?? -1
    if (level === -1) return -1
    const at = slot * SLOT_BYTES
    if (slotWords.getUint8(at) !== length) continue
    let i = 0
    while (i < length && slotWords.getUint8(at + 1 + i) === lowerCase(view.getUint8(start + i))) i++
    if (i === length) return level
  }
}

function lowerCase(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte
}
