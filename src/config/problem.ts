/** A place in a text; `line` and `column` count from 1, or are 0 when the whole file is meant. */
export interface Position {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** Something an operator should know about the configuration. Never holds the value of a secret. */
export interface Problem extends Position {
  /** The setting, as `outputs.central.url` or `sources.app.include[0]`; empty when no setting is meant. */
  readonly path: string
  /** What was expected, and what was found. */
  readonly message: string
  /** What to do about it. */
  readonly hint?: string
}

/** A problem of a file as a whole. */
export function wholeFile(file: string, message: string, hint?: string): Problem {
  return { file, line: 0, column: 0, path: '', message, ...(hint !== undefined && { hint }) }
}

export type Path = readonly (string | number)[]

/** `agent.yaml:7:14: buffer.max_bytes: expected …, got 5; write 5MB …`: one line, and no control character can leave it. */
export function formatProblem(problem: Problem): string {
  const place = problem.line === 0 ? problem.file : `${problem.file}:${problem.line}:${problem.column}`
  const parts = [place, ...(problem.path === '' ? [] : [problem.path]), problem.message]
  return printable(parts.join(': ') + (problem.hint === undefined ? '' : `; ${problem.hint}`))
}

export function formatPath(path: Path): string {
  return path.map((step, i) => (typeof step === 'number' ? `[${step}]` : i === 0 ? step : `.${step}`)).join('')
}

/** A value as a message shows it: one line, cut at 60 characters. */
export function quote(text: string): string {
  if (text === '') return 'nothing'
  const cut = text.length > 60 ? `${text.slice(0, 60)}…` : text
  return printable(cut)
}

/** `a, b or c`. */
export function oneOf(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}

/** In the order an editor would show them, each once. */
export function sortProblems(problems: readonly Problem[], files: readonly string[]): Problem[] {
  const unique = new Map(problems.map((problem) => [formatProblem(problem), problem]))
  const rank = (p: Problem): number => files.indexOf(p.file)
  return [...unique.values()].sort((a, b) => rank(a) - rank(b) || a.line - b.line || a.column - b.column)
}

function printable(text: string): string {
  // Line ends, escape sequences and writing-direction marks would forge lines on a terminal.
  return text
    .replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, (c) => JSON.stringify(c).slice(1, -1))
    .toWellFormed()
}
