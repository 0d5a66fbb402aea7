/**
 * Names whose values are secret, by how they end: `password` is also `db_password`, `DB-PASSWORD`, `userPassword` and
 * `user.password`. Dashes and underscores between the words do not matter. `tokens`, `token_type` and `secretName` are none.
 */
import { isDigit, isLower, isUpper, type SearchedText } from './searched-text.ts'

/** What a name promises, as bits. */
export const NAMES = {
  /** Whatever it is, it is secret. */
  password: 1,
  /** Secret when it is 40 characters of base64. */
  awsSecret: 2,
  /** Secret when it is 40 hex digits. */
  gcpKeyId: 4,
  /** An Authorization header. */
  authorization: 8,
  /** Might be the working directory. */
  pwd: 16,
} as const

interface Name {
  readonly word: string
  readonly bits: number
  /** What is before does not matter: no other word ends like this (`mysqlpassword`). */
  readonly isDistinct: boolean
}

const both = NAMES.password | NAMES.awsSecret
const TABLE: readonly Name[] = [
  { word: 'password', bits: NAMES.password, isDistinct: true },
  { word: 'passphrase', bits: NAMES.password, isDistinct: true },
  { word: 'passwd', bits: NAMES.password, isDistinct: false },
  { word: 'passcode', bits: NAMES.password, isDistinct: false },
  { word: 'pwd', bits: NAMES.password | NAMES.pwd, isDistinct: false },
  { word: 'secret', bits: NAMES.password, isDistinct: false },
  { word: 'clientsecret', bits: NAMES.password, isDistinct: true },
  { word: 'senha', bits: NAMES.password, isDistinct: false },
  { word: 'token', bits: NAMES.password, isDistinct: false },
  { word: 'accesstoken', bits: NAMES.password, isDistinct: true },
  { word: 'refreshtoken', bits: NAMES.password, isDistinct: true },
  { word: 'authtoken', bits: NAMES.password, isDistinct: true },
  { word: 'apikey', bits: NAMES.password, isDistinct: true },
  { word: 'privatekey', bits: NAMES.password, isDistinct: true },
  { word: 'secretkey', bits: both, isDistinct: true },
  { word: 'secretaccesskey', bits: both, isDistinct: true },
  { word: 'awssecret', bits: both, isDistinct: true },
  { word: 'accountkey', bits: NAMES.password, isDistinct: false },
  { word: 'privatekeyid', bits: NAMES.gcpKeyId, isDistinct: true },
  { word: 'authorization', bits: NAMES.authorization, isDistinct: true },
]

const BY_LAST_LETTER: readonly (readonly Name[] | undefined)[] = Array.from({ length: 256 }, (_, byte) => {
  const names = TABLE.filter(({ word }) => word.charCodeAt(word.length - 1) === (byte | 0x20))
  return (isLower(byte) || isUpper(byte)) && names.length > 0 ? names : undefined
})

/** Bits of NAMES for the name that ends before `end`; 0 for any other. `nameStart` is where it was found to begin. */
export class SecretNames {
  nameStart = 0

  bitsOf(text: SearchedText, end: number): number {
    const candidates = BY_LAST_LETTER[text.at(end - 1)]
    if (candidates === undefined) return 0
    let bits = 0
    for (const { word, bits: own, isDistinct } of candidates) {
      const start = startOf(text, end, word)
      if (start < 0 || !(isDistinct || isBegin(text, start))) continue
      bits |= own
      this.nameStart = start
    }
    return bits
  }
}

function startOf(text: SearchedText, end: number, word: string): number {
  let i = end - 1
  for (let k = word.length - 1; k >= 0; k--) {
    if (k < word.length - 1) while (text.at(i) === 0x5f || text.at(i) === 0x2d) i--
    if ((text.at(i) | 0x20) !== word.charCodeAt(k)) return -1
    i--
  }
  return i + 1
}

/** A word of its own begins at `at`, or the next one of `camelCase`. */
function isBegin(text: SearchedText, at: number): boolean {
  const before = text.at(at - 1)
  return text.startsWord(at) || (isUpper(text.at(at)) && (isLower(before) || isDigit(before)))
}
