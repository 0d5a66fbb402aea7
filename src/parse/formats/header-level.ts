/** Level words as they stand in log headers: those every format knows, and a few of single loggers. */
import { LOG_LEVELS } from '../../model/log-entry.ts'
import { levelOfBytes } from '../level.ts'
import { isDigit } from './header-words.ts'

const DEBUG = LOG_LEVELS.indexOf('DEBUG')
const INFO = LOG_LEVELS.indexOf('INFO')
const WARNING = LOG_LEVELS.indexOf('WARNING')
const ERROR = LOG_LEVELS.indexOf('ERROR')
const CRITICAL = LOG_LEVELS.indexOf('CRITICAL')

/** loguru's SUCCESS, oslo's AUDIT, logging's NOTSET; java.util.logging in other languages of its own. */
const MORE_WORDS: readonly (readonly [Buffer, number])[] = (
  [
    ['SUCCESS', INFO],
    ['AUDIT', INFO],
    ['NOTSET', DEBUG],
    ['PROFANE', DEBUG],
    ['GARBAGE', DEBUG],
    ['FEIN', DEBUG],
    ['INFORMATION', INFO],
    ['INFOS', INFO],
    ['WARNUNG', WARNING],
    ['AVERTISSEMENT', WARNING],
    ['ADVERTENCIA', WARNING],
    ['SCHWERWIEGEND', ERROR],
    ['GRAVE', ERROR],
  ] as const
).map(([word, level]) => [Buffer.from(word), level])

/** The level of a word in any case, or −1. */
export function levelOfWord(view: DataView, start: number, end: number): number {
  const level = levelOfBytes(view, start, end)
  // Words that other formats have for INFO (`http`, `default`, `context`) are names here.
  if (level === INFO) return isInfo(view, start) ? level : -1
  if (level >= 0) return level
  const length = end - start
  if (length < 4 || length > 13) return -1
  const first = view.getUint8(start)
  for (const [word, index] of MORE_WORDS)
    if (word.length === length && word[0] === first && isWord(view, start, word)) return index
  return -1
}

/** INF…, NOTE, NOTICE, and CONFIG in capitals. At least three letters. */
function isInfo(view: DataView, start: number): boolean {
  const letters = (view.getUint8(start) << 16) | (view.getUint8(start + 1) << 8) | view.getUint8(start + 2)
  const lower = letters | 0x202020
  return lower === 0x696e66 || lower === 0x6e6f74 || (letters === 0x434f4e && view.getUint8(start + 3) === 0x46)
}

/** D, I, W, E, C and F, as tornado and Jupyter abbreviate them. */
export function levelOfLetter(byte: number): number {
  switch (byte) {
    case 0x44:
      return DEBUG
    case 0x49:
      return INFO
    case 0x57:
      return WARNING
    case 0x45:
      return ERROR
    case 0x43:
    case 0x46:
      return CRITICAL
    default:
      return -1
  }
}

/** The end of `Level 35`, as logging calls levels without a name, at the beginning of [start, end); −1 without. */
export function numberedLevelStop(view: DataView, start: number, end: number): number {
  if (
    end - start < 7 ||
    view.getUint32(start) !== LEVE ||
    view.getUint8(start + 4) !== 0x6c ||
    view.getUint8(start + 5) !== 0x20
  )
    return -1
  let at = start + 6
  while (at < end && at < start + 8 && isDigit(view.getUint8(at))) at++
  return at > start + 6 && (at === end || !isDigit(view.getUint8(at))) ? at : -1
}

/** The level of the number of one or two digits that ends at `end`: that of the name before it. */
export function numberedLevel(view: DataView, end: number): number {
  const tens = view.getUint8(end - 2)
  if (!isDigit(tens) || tens < 0x32) return DEBUG
  return Math.min(CRITICAL, tens - 0x32 + INFO)
}

/** `Leve` */
const LEVE = 0x4c657665

function isWord(view: DataView, start: number, word: Buffer): boolean {
  for (let i = 1; i < word.length; i++) if (view.getUint8(start + i) !== word[i]) return false
  return true
}
