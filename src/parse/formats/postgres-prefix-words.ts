/** How the pieces of a prefix are known. */
import { type Member, member } from '../entry-members.ts'
import { isDigit, isHexDigit } from '../json-bytes.ts'

export const PID = member('pid')
export const USER = member('user')
export const DATABASE = member('database')
export const APPLICATION = member('application')
export const SESSION = member('session')
export const LINE = member('log_line')

/** What a key of a `key=value` stands for. */
export const KEYS: ReadonlyMap<string, Member | 'client' | 'state'> = new Map<string, Member | 'client' | 'state'>([
  ['user', USER],
  ['u', USER],
  ['db', DATABASE],
  ['database', DATABASE],
  ['d', DATABASE],
  ['app', APPLICATION],
  ['application', APPLICATION],
  ['application_name', APPLICATION],
  ['a', APPLICATION],
  ['client', 'client'],
  ['host', 'client'],
  ['remote', 'client'],
  ['h', 'client'],
  ['r', 'client'],
  ['pid', PID],
  ['p', PID],
  ['session', SESSION],
  ['sess', SESSION],
  ['c', SESSION],
  ['line', LINE],
  ['l', LINE],
  ['sqlstate', 'state'],
  ['state', 'state'],
  ['code', 'state'],
  ['error', 'state'],
  ['e', 'state'],
])

const TAB = 0x09
const SPACE = 0x20
const COMMA = 0x2c
const DASH = 0x2d
const POINT = 0x2e
const COLON = 0x3a
const LESS = 0x3c
const GREATER = 0x3e
const PIPE = 0x7c

export function isSeparator(byte: number): boolean {
  return (
    byte === SPACE ||
    byte === TAB ||
    byte === COMMA ||
    byte === COLON ||
    byte === DASH ||
    byte === PIPE ||
    byte === LESS ||
    byte === GREATER
  )
}

export function isWordEnd(byte: number): boolean {
  return byte === SPACE || byte === COMMA || byte === PIPE || byte === TAB
}

export function digitsEnd(view: DataView, at: number, end: number): number {
  let i = at
  while (i < end && isDigit(view.getUint8(i))) i++
  return i
}

/** Four numbers with points, or hexadecimal digits with colons. */
export function looksLikeAddress(view: DataView, start: number, end: number): boolean {
  let points = 0
  let colons = 0
  for (let i = start; i < end; i++) {
    const byte = view.getUint8(i)
    if (byte === POINT) points++
    else if (byte === COLON) colons++
    else if (!isHexDigit(byte)) return false
  }
  return (points === 3 && colons === 0) || colons >= 2
}
