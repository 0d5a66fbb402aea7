/** Characters, escapes and classes of regular expressions: reading them, and writing them for V8's linear-time engine. */

export type ClassPart =
  | { readonly kind: 'char'; readonly char: string }
  | { readonly kind: 'range'; readonly from: string; readonly to: string }
  /** `\d`, or what a POSIX class stands for, as it stands inside of […]. */
  | { readonly kind: 'set'; readonly text: string }

export type Taken =
  | { readonly kind: 'char'; readonly char: string; readonly end: number }
  | { readonly kind: 'set'; readonly text: string; readonly isAnchor: boolean; readonly end: number }
  | { readonly kind: 'bad'; readonly message: string }

const CONTROLS: ReadonlyMap<string, string> = new Map(
  Object.entries({ t: '\t', n: '\n', r: '\r', f: '\f', v: '\v', a: '\x07', e: '\x1b', 0: '\0' }),
)
const SETS = 'dDwWsS'

/** The escape that begins at the backslash at `at`. */
export function takeEscape(source: string, at: number, isInClass: boolean): Taken {
  const letter = String.fromCodePoint(source.codePointAt(at + 1) ?? 0)
  const end = at + 1 + letter.length
  if (at + 1 >= source.length) return { kind: 'bad', message: 'ends in a lone backslash; write \\\\ for one' }
  const rest = source.slice(at + 1, at + 12)
  const [coded, ...digits] =
    /^(?:u\{([0-9a-f]{1,6})\}|x\{([0-9a-f]{1,6})\}|u([0-9a-f]{4})|x([0-9a-f]{2}))/i.exec(rest) ?? []
  if (coded !== undefined) {
    const code = Number.parseInt(digits.find((text) => text !== undefined) ?? '', 16)
    if (code <= 0xffff) return { kind: 'char', char: String.fromCharCode(code), end: at + 1 + coded.length }
    if (code > 0x10ffff || isInClass) return { kind: 'bad', message: `has \\${coded}, which cannot stand there` }
    return { kind: 'set', text: `(?:${String.fromCodePoint(code)})`, isAnchor: false, end: at + 1 + coded.length }
  }
  if (SETS.includes(letter)) return { kind: 'set', text: `\\${letter}`, isAnchor: false, end }
  if (letter === 'h') return { kind: 'set', text: isInClass ? '\\t ' : '[\\t ]', isAnchor: false, end }
  if (letter === 'b' && isInClass) return { kind: 'char', char: '\b', end }
  if ((letter === 'b' || letter === 'B') && !isInClass) return { kind: 'set', text: `\\${letter}`, isAnchor: true, end }
  if (letter === 'A' && !isInClass) return { kind: 'set', text: '^', isAnchor: true, end }
  if ((letter === 'z' || letter === 'Z') && !isInClass) return { kind: 'set', text: '$', isAnchor: true, end }
  if (letter === '0' && /\d/.test(source.charAt(end)))
    return { kind: 'bad', message: 'has an octal escape; write \\x…' }
  const control = CONTROLS.get(letter)
  if (control !== undefined) return { kind: 'char', char: control, end }
  if (/[1-9]/.test(letter) || rest.startsWith('k<') || rest.startsWith("k'") || rest.startsWith('k{')) {
    const message = `has a backreference \\${letter}, which may take for ever; match the text again by its own pattern`
    return { kind: 'bad', message }
  }
  if (letter === 'p' || letter === 'P') {
    return {
      kind: 'bad',
      message: `has a property of characters \\${letter}{…}, which is not known here; write the characters, as in [a-zà-ÿ]`,
    }
  }
  if (/[A-Za-z]/.test(letter)) return { kind: 'bad', message: `has an escape that is not known: \\${letter}` }
  if (letter.length > 1) return { kind: 'set', text: `(?:${letter})`, isAnchor: false, end }
  return { kind: 'char', char: letter, end }
}

const POSIX: ReadonlyMap<string, string> = new Map(
  Object.entries({
    alpha: 'A-Za-z',
    digit: '0-9',
    alnum: 'A-Za-z0-9',
    upper: 'A-Z',
    lower: 'a-z',
    space: '\\s',
    blank: '\\t ',
    punct: '!-\\/:-@\\[-`{-~',
    xdigit: '0-9A-Fa-f',
    word: '\\w',
    cntrl: '\\x00-\\x1f\\x7f',
    print: '\\x20-\\x7e',
    graph: '\\x21-\\x7e',
  }),
)

/** `[:alpha:]` at `at`, which is inside of […]. */
export function posixClass(source: string, at: number): { text: string; end: number } | undefined {
  const [found, name = ''] = /^\[:([a-z]+):\]/.exec(source.slice(at, at + 16)) ?? []
  const text = POSIX.get(name)
  return found === undefined || text === undefined ? undefined : { text, end: at + found.length }
}

/** Nothing when it is the wrong way round. */
export function rangeOf(from: string, to: string): ClassPart | undefined {
  return from.charCodeAt(0) > to.charCodeAt(0) ? undefined : { kind: 'range', from, to }
}

/** A character outside of […]. */
export function letterText(char: string, ignoreCase: boolean): string {
  if (char.length > 1) return `(?:${char})`
  const cases = ignoreCase ? casesOf(char) : [char]
  return cases.length === 1 ? escaped(char) : `[${cases.map(escapedInClass).join('')}]`
}

export function classText(
  parts: readonly ClassPart[],
  { isNegated, ignoreCase }: { isNegated: boolean; ignoreCase: boolean },
): string {
  const texts = parts.map((part) => {
    switch (part.kind) {
      case 'set':
        return part.text
      case 'char':
        return (ignoreCase ? casesOf(part.char) : [part.char]).map(escapedInClass).join('')
      default: {
        const own = `${escapedInClass(part.from)}-${escapedInClass(part.to)}`
        return ignoreCase ? own + otherCase(part.from, part.to, 'a') + otherCase(part.from, part.to, 'A') : own
      }
    }
  })
  return `[${isNegated ? '^' : ''}${texts.join('')}]`
}

/** The letters of a range that are of one case (`first` is its a), in the other case. Ranges beyond ASCII have one case. */
function otherCase(from: string, to: string, first: 'a' | 'A'): string {
  const least = Math.max(from.charCodeAt(0), first.charCodeAt(0))
  const most = Math.min(to.charCodeAt(0), first.charCodeAt(0) + 25)
  if (least > most) return ''
  const [a, b] = [String.fromCharCode(least ^ 0x20), String.fromCharCode(most ^ 0x20)]
  return `${a}-${b}`
}

function casesOf(char: string): string[] {
  const all = [char, char.toLowerCase(), char.toUpperCase()].filter((text) => text.length === 1)
  return [...new Set(all)]
}

/** `text` with what means something in a pattern taken for itself. */
export function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&').replace(/[\p{Cc}\u2028\u2029\p{Cs}]/gu, coded)
}

function escapedInClass(char: string): string {
  return char.replace(/[\\\]^[-]/g, '\\$&').replace(/[\p{Cc}\u2028\u2029\p{Cs}]/gu, coded)
}

function coded(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
}
