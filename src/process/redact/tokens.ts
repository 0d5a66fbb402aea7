/** Tokens that begin with a prefix of their own. Each function answers with the position after the token, or −1. */
import { isAlnum, isBase64Url, isDigit, isUpper, type SearchedText } from './searched-text.ts'

const DOT = 0x2e
const UNDERSCORE = 0x5f
const DASH = 0x2d

/** Three segments (RFC 7519, the last may be empty or cut off), or the five of an encrypted one (RFC 7516). `at`: its `eyJ`. */
export function jwtEnd(text: SearchedText, at: number): number {
  const header = base64UrlEnd(text, at)
  if (header - at < 8 || text.at(header) !== DOT) return -1
  let end = base64UrlEnd(text, header + 1)
  if (text.hasExactly(header + 1, 'eyJ')) return text.at(end) === DOT ? base64UrlEnd(text, end + 1) : end
  for (let segment = 2; segment < 5; segment++) {
    if (text.at(end) !== DOT) return -1
    end = base64UrlEnd(text, end + 1)
  }
  return end
}

export function base64UrlEnd(text: SearchedText, at: number): number {
  let i = at
  while (isBase64Url(text.at(i))) i++
  return i
}

/** An access key id: four capitals that end in `IA`, then sixteen. */
export function awsKeyIdEnd(text: SearchedText, at: number): number {
  if (!text.startsWord(at)) return -1
  for (let i = at + 4; i < at + 20; i++) if (!isUpper(text.at(i)) && !isDigit(text.at(i))) return -1
  return isAlnum(text.at(at + 20)) ? -1 : at + 20
}

/** `AIza` and 35 more. */
export function gcpKeyEnd(text: SearchedText, at: number): number {
  if (!text.startsWord(at)) return -1
  for (let i = at; i < at + 39; i++) if (!isBase64Url(text.at(i))) return -1
  return isAlnum(text.at(at + 39)) ? -1 : at + 39
}

/** `ghp_`, `gho_`, `ghu_`, `ghs_`, `ghr_` and at least 30 more, or `github_pat_` and 22. `at`: the first `_`. */
export function githubTokenStart(text: SearchedText, at: number): number {
  const kind = text.at(at - 1)
  const isShort =
    text.at(at - 3) === 0x67 &&
    text.at(at - 2) === 0x68 &&
    (kind === 0x70 || kind === 0x6f || kind === 0x75 || kind === 0x73 || kind === 0x72)
  if (isShort) return text.startsWord(at - 3) ? at - 3 : -1
  return text.hasExactly(at, '_pat_') && text.hasExactly(at - 6, 'github') && text.startsWord(at - 6) ? at - 6 : -1
}

export function githubTokenEnd(text: SearchedText, at: number): number {
  const isShort = text.at(at + 3) === UNDERSCORE
  const first = at + (isShort ? 4 : 11)
  let i = first
  while (isAlnum(text.at(i)) || text.at(i) === UNDERSCORE) i++
  return i - first >= (isShort ? 30 : 22) ? i : -1
}

/** `xoxb-` and its kin, or `xapp-`, and at least ten more. `at`: the `x`. */
export function slackTokenEnd(text: SearchedText, at: number): number {
  if (!text.startsWord(at)) return -1
  const isToken = text.hasExactly(at, 'xox') && isAlnum(text.at(at + 3)) && text.at(at + 4) === DASH
  if (!isToken && !text.hasExactly(at, 'xapp-')) return -1
  let i = at + 5
  while (isAlnum(text.at(i)) || text.at(i) === DASH) i++
  return i - at >= 15 ? i : -1
}

const SLACK_HOOKS = ['.slack.com/services/', '.slack.com/workflows/', '.slack.com/triggers/']

/** Where the secret part of the path of an incoming webhook begins, or −1. `at`: the `k` of `hooks.slack.com`. */
export function slackHookStart(text: SearchedText, at: number): number {
  if (text.at(at + 1) !== 0x73 || text.at(at + 2) !== DOT || !text.hasWord(at - 3, 'hooks')) return -1
  const path = SLACK_HOOKS.find((candidate) => text.hasWord(at + 2, candidate))
  return path === undefined ? -1 : at + 2 + path.length
}

export function slackHookEnd(text: SearchedText, at: number): number {
  let i = at
  while (isBase64Url(text.at(i)) || text.at(i) === 0x2f) i++
  return i > at ? i : -1
}
