/**
 * Text from a log, fit for a terminal: control characters are shown as escapes, so that a line can neither move the cursor nor
 * pretend to be another one (CWE-150).
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, (character) => {
    if (character === '\t') return character
    return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`
  })
}
