/**
 * Words and numbers for severities, onto indexes of LOG_LEVELS. −1 stands for "no such level" throughout; what to do about
 * that is the caller's choice.
 */
import { LOG_LEVELS, type LogLevel } from '../model/log-entry.ts'

/** The level of a line that does not say. */
export const INFO = LOG_LEVELS.indexOf('INFO')

/**
 * syslog(3), log4j and logback, java.util.logging, Python, .NET and its console (`fail:`), Serilog, Go's loggers (logrus cuts its
 * words to four letters), Rust, npm, OpenTelemetry (`WARN2`), Google Cloud, macOS, Apache (`trace1`), Postgres and MySQL. Where
 * they are of two minds: `http` (npm) is about a request, not for debugging; Postgres' `STATEMENT`, `DETAIL` and the like
 * explain a line before, whatever its level; its `FATAL` ends one session only, but the word says what it says. log4j's
 * `OFF` is no level of a line.
 */
const WORDS: Record<LogLevel, string> = {
  DEBUG:
    'trace debug verbose silly all fine finer finest dbug dbg debu trce trc trac vrb debug1 debug2 debug3 debug4 debug5 ' +
    'trace1 trace2 trace3 trace4 trace5 trace6 trace7 trace8',
  INFO:
    'info information informational inform inf info2 info3 info4 notice note config log http default system ' +
    'statement detail hint context location query',
  WARNING: 'warn warning wrn warn2 warn3 warn4',
  ERROR: 'error err severe eror erro fail error2 error3 error4',
  CRITICAL: 'fatal critical crit alert emerg emergency panic dpanic ftl fata pani fault fatal2 fatal3 fatal4',
}

/** Letters and digits of the longest word. */
const MAX_WORD_LENGTH = 13

const LEVEL_OF_WORD: ReadonlyMap<string, number> = new Map(
  LOG_LEVELS.flatMap((level, index) => WORDS[level].split(' ').map((word): [string, number] => [word, index])),
)

export function levelOfText(word: string): number {
  return word.length > MAX_WORD_LENGTH ? -1 : (LEVEL_OF_WORD.get(word.toLowerCase()) ?? -1)
}

/**
 * Numbers that stand for a level wherever they come from:
 *
 * - pino and bunyan: 10 trace, 20 debug, 30 info, 40 warn, 50 error, 60 fatal. Python's `levelno` has 20 for info, 30 for
 *   warning, and so on: read by this list it is one level low, so its name (`levelname`) must be what is read;
 * - Google Cloud's LogSeverity: 100 debug, 200 info, 300 notice, 400 warning, 500 error, 600 critical, 700 alert, 800 emergency;
 * - log4j and logback: 5000 trace, 10000 debug, 20000 info, 30000 warn, 40000 error, 50000 fatal.
 */
export function levelOfNumber(number: number): number {
  switch (number) {
    case 10:
    case 20:
    case 100:
    case 5000:
    case 10_000:
      return 0
    case 30:
    case 200:
    case 300:
    case 20_000:
      return 1
    case 40:
    case 400:
    case 30_000:
      return 2
    case 50:
    case 500:
    case 40_000:
      return 3
    case 60:
    case 600:
    case 700:
    case 800:
    case 50_000:
      return 4
    default:
      return -1
  }
}

/** OpenTelemetry's SeverityNumber: 1–4 trace, 5–8 debug, 9–12 info, 13–16 warn, 17–20 error, 21–24 fatal. */
export function levelOfOtelNumber(number: number): number {
  if (!Number.isInteger(number) || number < 1 || number > 24) return -1
  return number <= 8 ? 0 : Math.floor((number - 5) / 4)
}

/** HTTP status: 5xx is an error, 4xx a warning, the rest tells no more than that something was asked. */
export function levelOfStatus(status: number): number {
  if (status >= 500 && status <= 599) return 3
  return status >= 400 && status <= 499 ? 2 : INFO
}

/** The letter by which glog, klog, Android and others name a level: V, T, D, I, W, E, F, C, A (assert). Capitals only. */
export function levelOfLetter(byte: number): number {
  switch (byte) {
    case 0x44:
    case 0x54:
    case 0x56:
      return 0
    case 0x49:
      return 1
    case 0x57:
      return 2
    case 0x45:
      return 3
    case 0x41:
    case 0x43:
    case 0x46:
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
