/**
 * A log line for people. Whatever came from outside (a path, a collector's answer) may hold line ends and terminal
 * sequences, so every control character is shown as its escape: nothing can forge a line or drive the terminal.
 */

/** One line of pino's JSON as text; a stack trace follows on indented lines. What is not such a line comes out escaped, as it is. */
export function textLine(json: string): string {
  const record = parsed(json)
  if (!record) return `${shown(json.trimEnd())}\n`
  const { level, time, component, msg, error, ...fields } = record
  const { stack, cause, ...errorFields } = isObject(error) ? error : { message: error }
  const words = [
    shown(String(time)),
    String(level).toUpperCase().padEnd(5),
    shown(String(component)),
    shown(String(msg)),
  ]
  for (const [name, value] of Object.entries(fields)) words.push(pair(name, value))
  if (error !== undefined && stack === undefined) words.push(pair('error', errorFields.message))
  for (const name of ['code', 'hint'] as const)
    if (errorFields[name] !== undefined) words.push(pair(name, errorFields[name]))
  return `${words.join(' ')}\n${stackLines(stack)}${causeLines(cause)}`
}

function parsed(json: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(json)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function pair(name: string, value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const isPlain = /^[^\s"=]+$/.test(text)
  return `${shown(name)}=${shown(isPlain ? text : JSON.stringify(text))}`
}

function stackLines(stack: unknown): string {
  if (typeof stack !== 'string') return ''
  return stack
    .split('\n')
    .map((line) => `    ${shown(line)}\n`)
    .join('')
}

function causeLines(cause: unknown): string {
  if (cause === undefined) return ''
  if (!isObject(cause)) return `    caused by ${shown(String(cause))}\n`
  const { stack, message } = cause
  return `    caused by:\n${typeof stack === 'string' ? stackLines(stack) : stackLines(String(message))}${causeLines(cause.cause)}`
}

/** Control characters (C0, DEL, C1), line and paragraph separators, and what turns the writing direction around. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g

export function shown(text: string): string {
  return text.replace(UNSEEN, (character) => {
    if (character === '\n') return '\\n'
    if (character === '\t') return '\\t'
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}
