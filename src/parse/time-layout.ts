/**
 * A layout in strftime's notation (`%d.%m.%Y %H:%M:%S`), compiled once to steps that read bytes. More lenient than strptime(3)
 * where programs are: numbers may lack their leading zero or have a blank for it, a blank stands for one or more, decimals may
 * follow the second with a point or a comma whether or not the layout names them, and a name of a zone that is not known is
 * read over. Without a year, or without any date, the time of reading completes it.
 */
import { civilDay } from './calendar.ts'
import { isDigit } from './json-bytes.ts'
import { fullYear, isLetter } from './time-bytes.ts'
import type { TimeParts } from './time-parts.ts'
import { isWeekday, monthOf } from './time-words.ts'

const DIRECTIVES = 'YmdHMSfLNybBejpIzZsTDFaA%'
/** Those that stand for others. */
const SHORTHANDS: Readonly<Record<string, string>> = { T: '%H:%M:%S', D: '%m/%d/%y', F: '%Y-%m-%d' }
/** `%-d`, `%_H`, `%6N`: how a program writes the same. */
const DIRECTIVE = /%(?:[-_0^]|\d(?=[fLN]))?(.)?/gsu
const SECONDS_OF_DAY = 86_400
const LONGEST_NAME = 9

/** One directive, by its letter, or one literal byte. */
interface Step {
  readonly directive: number
  readonly literal: number
}

/** What is wrong with a layout, in words for the operator; undefined when nothing is. */
export function layoutProblem(layout: string): string | undefined {
  if (layout === '') return 'is empty'
  const used = new Set<string>()
  for (const [text, letter] of expand(layout).matchAll(DIRECTIVE)) {
    if (letter === undefined) return 'ends with a single % (write %% for one)'
    if (!DIRECTIVES.includes(letter))
      return `has ${text}, which is not known (known are %${[...DIRECTIVES].join(' %')})`
    used.add(letter)
  }
  const has = (letters: string) => [...letters].some((letter) => used.has(letter))
  if (has('s')) return undefined
  if (has('I') && !has('p')) return 'has %I without %p, so morning and evening are the same'
  if (has('p') && !has('I')) return 'has %p without %I'
  if (!has('HI') && !has('dej')) return 'says neither a day nor an hour'
  if (has('YymbB') && !has('j') && !has('de')) return 'has no day (%d, %e or %j)'
  if (has('de') && !has('mbB')) return 'has a day without a month (%m, %b or %B)'
  return undefined
}

export class TimeLayout {
  readonly #steps: readonly Step[]

  /** The layout must be one without a problem. */
  constructor(layout: string) {
    this.#steps = compile(layout)
  }

  /** A time in this layout at the beginning of [start, end): the position after it, or −1. `parts` must be clear. */
  read(parts: TimeParts, view: DataView, start: number, end: number): number {
    const steps = this.#steps
    let at = start
    let half = -1
    for (let i = 0; i < steps.length; i++) {
      const { directive, literal } = steps[i] ?? BLANK
      if (directive === LITERAL) {
        if (isDecimalMark(literal) && isFraction(steps[i + 1])) {
          // Decimals that are zero are left out by some (Python's isoformat).
          if (at < end && isDecimalMark(view.getUint8(at))) at++
          else i++
        } else at = readLiteral(literal, view, at, end)
      } else if (directive === code('p')) {
        half = at + 1 < end ? view.getUint8(at) | 0x20 : -1
        at = (half === 0x61 || half === 0x70) && (view.getUint8(at + 1) | 0x20) === 0x6d ? at + 2 : -1
      } else {
        at = readPart(directive, parts, view, at, end)
        const isSecond = directive === code('S') || directive === code('s')
        if (isSecond && at >= 0 && !namesDecimals(steps, i + 1)) at = readUnnamedDecimals(parts, view, at, end)
      }
      if (at < 0) return -1
    }
    if (half >= 0) {
      if (parts.hour < 1 || parts.hour > 12) return -1
      parts.hour = (parts.hour % 12) + (half === 0x70 ? 12 : 0)
    }
    if (parts.hour > 23 || parts.minute > 59 || parts.second > 60) return -1
    const isCut = at > start && at < end && isDigit(view.getUint8(at - 1)) && isDigit(view.getUint8(at))
    return isCut ? -1 : at
  }
}

/** What stands at `at` for a directive: the position after it, or −1. */
function readPart(directive: number, parts: TimeParts, view: DataView, at: number, end: number): number {
  switch (directive) {
    case code('a'):
    case code('A'):
      return afterWord(view, at, end, isWeekday)
    case code('b'):
    case code('B'): {
      const after = afterWord(view, at, end, isMonth)
      if (after >= 0) parts.month = monthOf(view, at, after)
      return after
    }
    case code('z'): {
      const after = parts.zone(view, at, end)
      return parts.hasOffset ? after : parts.abbreviation(view, at, end)
    }
    case code('Z'): {
      const after = parts.abbreviation(view, at, end)
      return after < 0 ? afterLetters(view, at, end) : after
    }
    case code('f'):
    case code('N'):
    case code('L'):
      return readFraction(parts, view, at, end)
    default:
      return readNumber(directive, parts, view, at, end)
  }
}

function readNumber(directive: number, parts: TimeParts, view: DataView, at: number, end: number): number {
  const isPadded = directive !== code('Y') && at < end && view.getUint8(at) === 0x20
  const start = isPadded ? at + 1 : at
  const after = parts.digits(view, start, Math.min(end, start + digitsOf(directive)))
  if (after < 0) return -1
  const { value } = parts
  switch (directive) {
    case code('Y'):
      parts.year = value
      return after === start + 4 ? after : -1
    case code('y'):
      parts.year = fullYear(value)
      return after
    case code('m'):
      parts.month = value
      return value === 0 ? -1 : after
    case code('d'):
    case code('e'):
      parts.day = value
      return after
    case code('j'):
      parts.dayOfYear = value
      return value === 0 ? -1 : after
    case code('H'):
    case code('I'):
      parts.hour = value
      return after
    case code('M'):
      parts.minute = value
      return after
    case code('S'):
      parts.second = value
      return after
    default:
      setEpoch(parts, value)
      return after
  }
}

function digitsOf(directive: number): number {
  if (directive === code('s')) return 11
  if (directive === code('Y')) return 4
  return directive === code('j') ? 3 : 2
}

function setEpoch(parts: TimeParts, seconds: number): void {
  const day = Math.floor(seconds / SECONDS_OF_DAY)
  const rest = seconds - day * SECONDS_OF_DAY
  const date = civilDay(day)
  parts.year = Math.floor(date / 10_000)
  parts.month = Math.floor(date / 100) % 100
  parts.day = date % 100
  parts.hour = Math.floor(rest / 3600)
  parts.minute = Math.floor(rest / 60) % 60
  parts.second = rest % 60
  parts.hasOffset = true
}

function readFraction(parts: TimeParts, view: DataView, at: number, end: number): number {
  const after = parts.digits(view, at, end)
  if (after < 0 || after > at + 9) return -1
  let decimals = after - at
  let fraction = parts.value
  for (; decimals < 3; decimals++) fraction *= 10
  parts.fraction = fraction
  parts.decimals = decimals
  return after
}

function readUnnamedDecimals(parts: TimeParts, view: DataView, at: number, end: number): number {
  const hasDecimals = at + 1 < end && isDecimalMark(view.getUint8(at)) && isDigit(view.getUint8(at + 1))
  return hasDecimals ? readFraction(parts, view, at + 1, end) : at
}

function readLiteral(literal: number, view: DataView, at: number, end: number): number {
  if (at >= end || view.getUint8(at) !== literal) return -1
  let after = at + 1
  if (literal === 0x20) while (after < end && view.getUint8(after) === 0x20) after++
  return after
}

/** The whole word, or its first three letters: `%b` may be followed by a letter. */
function afterWord(
  view: DataView,
  at: number,
  end: number,
  isWord: (view: DataView, start: number, end: number) => boolean,
): number {
  const after = afterLetters(view, at, end)
  if (after < 0 || isWord(view, at, after)) return after
  return after >= at + 3 && isWord(view, at, at + 3) ? at + 3 : -1
}

function isMonth(view: DataView, start: number, end: number): boolean {
  return monthOf(view, start, end) > 0
}

function afterLetters(view: DataView, at: number, end: number): number {
  const limit = Math.min(end, at + LONGEST_NAME)
  let i = at
  while (i < limit && isLetter(view.getUint8(i))) i++
  return i === at ? -1 : i
}

const LITERAL = 0
const BLANK: Step = { directive: LITERAL, literal: 0x20 }

function compile(layout: string): readonly Step[] {
  const expanded = expand(layout)
  const steps: Step[] = []
  const addLiterals = (text: string) => {
    for (const byte of Buffer.from(text)) steps.push({ directive: LITERAL, literal: byte })
  }
  let at = 0
  for (const match of expanded.matchAll(DIRECTIVE)) {
    const [text, letter = '%'] = match
    addLiterals(expanded.slice(at, match.index))
    if (letter === '%') addLiterals('%')
    else steps.push({ directive: letter.charCodeAt(0), literal: 0 })
    at = match.index + text.length
  }
  addLiterals(expanded.slice(at))
  return steps
}

function expand(layout: string): string {
  return layout.replace(/%%|%([TDF])/g, (text, letter: string | undefined) =>
    letter === undefined ? text : (SHORTHANDS[letter] ?? text),
  )
}

function code(letter: string): number {
  return letter.charCodeAt(0)
}

function isDecimalMark(byte: number): boolean {
  return byte === 0x2e || byte === 0x2c
}

function isFraction(step: Step | undefined): boolean {
  return (
    step !== undefined && (step.directive === code('f') || step.directive === code('N') || step.directive === code('L'))
  )
}

/** Whether the layout itself says what comes after the second: decimals, or a mark that would be taken for theirs. */
function namesDecimals(steps: readonly Step[], at: number): boolean {
  const next = steps[at]
  return isFraction(next) || (next !== undefined && next.directive === LITERAL && isDecimalMark(next.literal))
}
