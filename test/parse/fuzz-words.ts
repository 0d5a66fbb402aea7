import { SPELLINGS } from '../../src/parse/fields.ts'
import { levelOfText } from '../../src/parse/level.ts'
import type { Outcome } from './fuzz-entry.ts'

const WORD = /[\p{L}\p{N}]{3,}/gu
const ESCAPE = /((?:\\x[0-9a-fA-F]{2})+)|((?:\\[0-3][0-7]{2})+)|\\u([0-9a-fA-F]{4})|\\(.)/gsu
const COLOUR = new RegExp(`${String.fromCharCode(0x1b)}\\[[\\d;:]*m`, 'g')
const CONTROLS: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', a: '\x07', v: '\v' }

/** Anything that reads like a part of a time: years, clocks, fractions, months, weekdays, zones. */
const TIMES = [
  /\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?:[T ]+\d\d:?\d\d(?::?\d\d)?(?:[.,]\d+)?)?(?:\s?(?:Z|UTC|GMT|[+-]\d\d:?\d\d))?/g,
  /\d{1,2}[/ -](?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*[/ -]\d{4}/gi,
  /(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? +)?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]* +\d{1,2}(?:,? +\d{4})?/gi,
  /\d\d:\d\d:\d\d(?:[.,]\d+)?(?: (?:\d{4}|[A-Z]{3,5}(?: \d{4})?))?/g,
  /(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d{4}-/g,
  /[+-]\d\d:?\d\d(?!\d)/g,
  /\d{6} \d\d:?\d\d:?\d\d/g,
  /[IWEF](?:\d{4})?\d{4}(?= )/g,
  /\d\d[tT]\d\d:\d\d:\d\d(?:[.,]\d+)?[zZ]?/g,
  /\d{9,19}(?:\.\d+)?|\d\.\d{9,}e\+\d\d/g,
]
const ZONES: ReadonlySet<string> = new Set(['UTC', 'GMT', 'CET'])
const GLUED_BEFORE = /^(?:\d{1,19}[TZ]?|[A-Z]+?(?=\d))/
const GLUED_AFTER = /(?:\d{1,19}|[A-Z]{3,}\d?)$/
/** `key="-"` of access logs says that there is nothing to say; so does a key of a prefix without a value. */
const EMPTY_PAIR = /[\w.-]+=(?:"-"|""|-(?= |$))/g
/** The length of a value in journald's export format: eight bytes after a key. */
const LENGTH = /^([A-Z0-9_]+\n).{0,8}/gms
const KEY_WORDS: ReadonlySet<string> = new Set([...SPELLINGS.keys()].flatMap((key) => key.match(WORD) ?? []))

export interface WordRules {
  /** Words of the format itself, which it takes off or says in another way. */
  readonly constants: ReadonlySet<string>
  /** Keys come from the record, and those that are spellings of a field become its name. */
  readonly hasKeys: boolean
}

const RULES: Readonly<Record<string, WordRules>> = {
  json: { constants: new Set(['Duration']), hasKeys: true },
  // `_HOSTNAME` is `hostname`, `_PID` is `pid`; of the two times the one the entry has is left out.
  'journal-export': { constants: new Set(['HOSTNAME', 'PID', 'SYSTEMD', 'UNIT', 'SOURCE']), hasKeys: true },
  k8s: { constants: new Set(), hasKeys: true },
  // The names of facilities and severities stand for the number in front.
  syslog: { constants: new Set(Array.from({ length: 192 }, (_, priority) => String(priority))), hasKeys: false },
  // Keys of the error log; the client has a field.
  nginx: { constants: new Set(['client']), hasKeys: true },
  apache: { constants: new Set(['client']), hasKeys: true },
  // 00000 is no error, `[unknown]` no name, and keys of the prefix have names of their own.
  postgres: { constants: new Set(['00000', 'unknown', 'user', 'client', 'app', 'host', 'remote']), hasKeys: false },
  // `Level 35` is WARNING, SUCCESS is loguru's INFO, None the request that is none.
  python: { constants: new Set(['Level', 'SUCCESS', 'None']), hasKeys: false },
  logfmt: { constants: new Set(), hasKeys: true },
  go: { constants: new Set(), hasKeys: true },
  'pattern/own': { constants: new Set(['took']), hasKeys: true },
}
const NO_RULES: WordRules = { constants: new Set(), hasKeys: false }

export function wordRules(format: string): WordRules {
  return RULES[format] ?? NO_RULES
}

/** Words of the record that are nowhere in its entry, but for those that are said otherwise there: level, time, duration. */
export function lostWords(record: string, { entry, text }: Outcome, { constants, hasKeys }: WordRules): string[] {
  if (entry === undefined) return []
  const kept = textsOf(entry).join('\n')
  const all = `${kept}\n${withoutEscapes(kept)}\n${text}`
  const source = withoutEscapes(hasKeys ? record.replaceAll(EMPTY_PAIR, ' ').replaceAll(LENGTH, '$1') : record)
  const times = new Set(TIMES.flatMap((time) => source.match(time) ?? []).flatMap((time) => time.match(WORD) ?? []))
  const isKept = (word: string): boolean => word.length < 3 || all.includes(word) || levelOfText(word) >= 0
  return [...new Set(source.match(WORD) ?? [])].filter((word) => {
    if (isKept(word) || constants.has(word) || constants.has(word.toLowerCase()) || times.has(word) || ZONES.has(word))
      return false
    // A time or a level may end, or begin, in the middle of it.
    const rest = word.replace(GLUED_BEFORE, '')
    if ([rest, word.replace(GLUED_AFTER, ''), rest.replace(GLUED_AFTER, '')].some(isKept)) return false
    if (hasKeys && KEY_WORDS.has(word)) return false
    if (Number(word) === 0 || all.includes(String(Number(word)))) return false
    return !(entry.duration !== undefined && /^\d+(?:ns|us|µs|ms|s|m|h)?$/.test(word))
  })
}

function textsOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [String(value)]
  return Object.entries(value).flatMap(([key, inner]) => [key, ...textsOf(inner)])
}

/** Every escape any of the formats knows is undone, on both sides of the comparison. */
function withoutEscapes(text: string): string {
  return text
    .replaceAll(COLOUR, ' ')
    .replace(ESCAPE, (_, hex?: string, octal?: string, unit?: string, letter?: string) => {
      if (hex !== undefined) return Buffer.from(hex.replaceAll('\\x', ''), 'hex').toString()
      if (octal !== undefined)
        return Buffer.from(
          octal
            .split('\\')
            .slice(1)
            .map((digits) => Number.parseInt(digits, 8)),
        ).toString()
      if (unit !== undefined) return String.fromCharCode(Number.parseInt(unit, 16))
      return CONTROLS[letter ?? ''] ?? letter ?? ''
    })
}
