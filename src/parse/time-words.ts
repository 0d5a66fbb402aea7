/** English names of months and weekdays, in any case: the first three letters, or all of them. */

const MONTHS = 'january february march april may june july august september october november december'.split(' ')
const WEEKDAYS = 'monday tuesday wednesday thursday friday saturday sunday'.split(' ')

// Names by their first three letters, in an open table: most lines of plain text begin with a word, and nearly none of these
// words is one of the nineteen.
const SLOT_BITS = 6
const NO_NAME = 0
const FIRST_WEEKDAY = 13
const slotLetters = new Int32Array(1 << SLOT_BITS)
/** 1–12 months, 13–19 weekdays. */
const slotNames = new Uint8Array(1 << SLOT_BITS)
for (const [index, word] of [...MONTHS, ...WEEKDAYS].entries()) {
  const letters = (word.charCodeAt(0) << 16) | (word.charCodeAt(1) << 8) | word.charCodeAt(2)
  let slot = slotOf(letters)
  while (slotNames[slot] !== NO_NAME) slot = (slot + 1) & ((1 << SLOT_BITS) - 1)
  slotLetters[slot] = letters
  slotNames[slot] = index + 1
}

/** Whether a month or a weekday may begin at `at`, by three letters. */
export function isNameLikely(view: DataView, at: number, end: number): boolean {
  return at + 3 <= end && nameOf(view, at) !== NO_NAME
}

/** 1–12 for the month in bytes [start, end), or 0. */
export function monthOf(view: DataView, start: number, end: number): number {
  const length = end - start
  if (length < 3) return 0
  const month = monthOfLetters(view, start)
  if (month === 0 || length === 3) return month
  if (month === 9 && length === 4) return (view.getUint8(start + 3) | 0x20) === 0x74 ? 9 : 0
  return isWord(view, start, length, MONTHS[month - 1] ?? '') ? month : 0
}

/** 1–12 for the three letters at `start`, whatever follows, or 0. */
export function monthOfLetters(view: DataView, start: number): number {
  const name = nameOf(view, start)
  return name < FIRST_WEEKDAY ? name : 0
}

/** Whether bytes [start, end) are the name of a weekday; `Tues`, `Thur` and `Thurs`, too. */
export function isWeekday(view: DataView, start: number, end: number): boolean {
  const length = end - start
  if (length < 3) return false
  const weekday = nameOf(view, start) - FIRST_WEEKDAY + 1
  if (weekday < 1) return false
  if (length === 3 || isWord(view, start, length, WEEKDAYS[weekday - 1] ?? '')) return true
  return (weekday === 2 && length === 4) || (weekday === 4 && (length === 4 || length === 5))
}

/** The name whose first three letters stand at `start`. */
function nameOf(view: DataView, start: number): number {
  const letters =
    ((view.getUint8(start) | 0x20) << 16) | ((view.getUint8(start + 1) | 0x20) << 8) | (view.getUint8(start + 2) | 0x20)
  for (let slot = slotOf(letters); ; slot = (slot + 1) & ((1 << SLOT_BITS) - 1)) {
    const name = slotNames[slot] ?? NO_NAME
    if (name === NO_NAME || slotLetters[slot] === letters) return name
  }
}

/** By the golden ratio, as Knuth has it. */
function slotOf(letters: number): number {
  return Math.imul(letters, 0x9e3779b1) >>> (32 - SLOT_BITS)
}

function isWord(view: DataView, start: number, length: number, word: string): boolean {
  if (length !== word.length) return false
  for (let i = 3; i < length; i++) if ((view.getUint8(start + i) | 0x20) !== word.charCodeAt(i)) return false
  return true
}
