import path from 'node:path'
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type ParsedNode,
  parseDocument,
  stringify,
  type YAMLMap,
} from 'yaml'
import { crossCheck } from './cross-check.ts'
import { decodeTree } from './decode.ts'
import { type Environment, expandTree } from './environment.ts'
import { listFragments } from './fragments.ts'
import { agentOutline } from './outline.ts'
import { formatPath, type Path, type Position, type Problem, quote, sortProblems, wholeFile } from './problem.ts'
import { readTextFile } from './read-file.ts'
import { resolveTree } from './resolve.ts'
import type { AgentConfig } from './schema.ts'
import {
  type ConfigNode,
  type ListNode,
  type MapEntry,
  type MapNode,
  mergeTrees,
  positionOf,
  type ScalarNode,
} from './tree.ts'
import { syntaxMessage } from './yaml-syntax.ts'

/**
 * From files to a configuration, and the only door to the yaml package:
 * read → parse → replace variables → merge conf.d → resolve paths and secrets → decode → cross-check.
 * Each step notes its problems and goes on with what is left, so that an operator sees them all at once.
 */

export type Loaded =
  | {
      readonly kind: 'ok'
      readonly config: AgentConfig
      readonly tree: ConfigNode
      readonly warnings: Problem[]
      readonly files: string[]
    }
  | { readonly kind: 'bad'; readonly problems: Problem[] }

const MAX_FILE_BYTES = 1024 * 1024
/** Deeper than any setting, and far from the end of the stack. */
const MAX_DEPTH = 32
/** What all aliases of a file may stand for together: ten anchors that each name the last one ten times are 10¹⁰ values. */
const MAX_ALIASED_NODES = 10_000
/** A slip in YAML makes the parser stumble over what follows; more than this, or two in a line, help nobody. */
const MAX_SYNTAX_PROBLEMS = 3

/** The configuration at `file`, with `conf.d/*.yaml` beside it. Never throws. */
export function loadConfig(file: string, { env }: { readonly env: Environment }): Loaded {
  const problems: Problem[] = []
  const warnings: Problem[] = []
  const files = [file, ...listFragments(path.join(path.dirname(file), 'conf.d'), problems, warnings)]
  let root: ConfigNode | undefined
  for (const [i, name] of files.entries()) {
    const written = readTree(name, problems, { mayBeEmpty: i > 0 })
    const tree = written && expandTree(written, env, problems)
    root = root && tree ? mergeTrees(root, tree, problems) : (root ?? tree)
  }
  if (!root || problems.some((problem) => problem.path === '')) {
    // A file that could not be read, or is not a map: what it would have said cannot be called missing or wrong.
    return { kind: 'bad', problems: sortProblems(problems, files) }
  }
  const outline = agentOutline()
  const resolved = resolveTree(root, outline, { dir: path.resolve(path.dirname(file)), problems, warnings })
  const decoded = decodeTree(resolved, outline)
  if (decoded.kind === 'bad') problems.push(...decoded.problems)
  else crossCheck(decoded.config, resolved, { problems, warnings })
  if (decoded.kind === 'bad' || problems.length > 0) return { kind: 'bad', problems: sortProblems(problems, files) }
  return { kind: 'ok', config: decoded.config, tree: resolved, warnings: sortProblems(warnings, files), files }
}

/** Plain values as YAML. */
export function printYaml(value: unknown): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false })
}

function readTree(file: string, problems: Problem[], { mayBeEmpty }: { mayBeEmpty: boolean }): ConfigNode | undefined {
  const read = readTextFile(file, MAX_FILE_BYTES)
  if (read.kind === 'bad') {
    const { reason, hint, line = 0, column = 0 } = read
    problems.push({ ...wholeFile(file, reason, hint), line, column })
    return undefined
  }
  const root = parseYaml(file, read.text, problems)
  if (!root || root.kind === 'map') return root
  const isEmpty = root.kind === 'scalar' && root.text === null
  const got = root.kind === 'list' ? 'a list' : 'text'
  if (!isEmpty)
    problems.push({
      ...positionOf(root),
      path: '',
      message: `expected settings, such as service: checkout, got ${got}`,
    })
  else if (!mayBeEmpty) problems.push(wholeFile(file, 'is empty: expected at least sources and outputs'))
  return undefined
}

function parseYaml(file: string, text: string, problems: Problem[]): ConfigNode | undefined {
  const lineCounter = new LineCounter()
  const positionAt = (offset: number): Position => {
    const { line, col } = lineCounter.linePos(Math.min(offset, text.length))
    return { file, line: Math.max(1, line), column: Math.max(1, col) }
  }
  try {
    if (isTooDeep(text)) {
      problems.push(wholeFile(file, `expected at most ${MAX_DEPTH} brackets within one another`))
      return undefined
    }
    // Duplicate keys are told by the composer below: in our words, and without comparing each key with each other.
    const options = { lineCounter, prettyErrors: false, uniqueKeys: false } as const
    const document = parseDocument<ParsedNode, true>(text, options)
    const seenLines = new Set<number>()
    for (const { code, pos } of [...document.errors, ...document.warnings]) {
      const at = positionAt(pos[0])
      if (seenLines.size === MAX_SYNTAX_PROBLEMS || seenLines.has(at.line)) continue
      seenLines.add(at.line)
      problems.push({ ...at, path: '', ...syntaxMessage(code, text, pos[0]) })
    }
    if (document.errors.length + document.warnings.length > 0) return undefined
    if (!document.contents) return { kind: 'scalar', text: null, ...positionAt(0) }
    return new Composer(positionAt, problems).compose(document.contents)
  } catch (error) {
    if (error instanceof TooMuch) problems.push({ ...error.at, path: '', message: error.message })
    // The parser's own stack ends where thousands of levels open.
    else if (error instanceof RangeError) problems.push(wholeFile(file, 'is nested too deeply'))
    else problems.push(wholeFile(file, 'makes the YAML parser fail', 'look for unusual characters'))
    return undefined
  }
}

/** The parser needs time by the square of the depth: 1 MB of `[` would take it 20 minutes (measured), the lexer an instant. */
function isTooDeep(text: string): boolean {
  let depth = 0
  let isScalarNext = false
  for (const token of new Lexer().lex(text)) {
    if (!isScalarNext && (token === '[' || token === '{')) depth += 1
    if (!isScalarNext && (token === ']' || token === '}')) depth -= 1
    if (depth > MAX_DEPTH) return true
    isScalarNext = token === '\x1f'
  }
  return false
}

/** Turns what the parser found into our tree, following aliases within limits. */
class Composer {
  readonly #positionAt: (offset: number) => Position
  readonly #problems: Problem[]
  readonly #anchors = new Map<string, ParsedNode>()
  readonly #open = new Set<ParsedNode>()
  #aliasedCount = 0
  #aliasDepth = 0

  constructor(positionAt: (offset: number) => Position, problems: Problem[]) {
    this.#positionAt = positionAt
    this.#problems = problems
  }

  compose(node: ParsedNode, path: Path = []): ConfigNode {
    const at = this.#positionAt(node.range[0])
    if (isAlias(node)) return this.#follow(node.source, at, path)
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node)
    if (this.#aliasDepth > 0) this.#aliasedCount += 1
    if (this.#aliasedCount > MAX_ALIASED_NODES) {
      throw new TooMuch(at, `expected aliases that stand for at most ${MAX_ALIASED_NODES} values`)
    }
    if (path.length > MAX_DEPTH) throw new TooMuch(at, `expected at most ${MAX_DEPTH} levels`)
    if (!isPlainTag(node.tag)) return this.#refuse(at, path, 'expected no tag (!)')
    if (isScalar(node)) return { kind: 'scalar', text: textOf(node.value, node.source), ...at }
    this.#open.add(node)
    const composed = isMap(node) ? this.#composeMap(node, at, path) : this.#composeList(node, at, path)
    this.#open.delete(node)
    return composed
  }

  #composeList(node: ParsedNode, at: Position, path: Path): ListNode {
    const items = isSeq<ParsedNode>(node) ? node.items : []
    return { kind: 'list', items: items.map((item, i) => this.compose(item, [...path, i])), ...at }
  }

  #composeMap(node: YAMLMap<ParsedNode, ParsedNode | null>, at: Position, path: Path): MapNode {
    const entries = new Map<string, MapEntry>()
    for (const { key, value } of node.items) {
      const keyAt = this.#positionAt(key.range?.[0] ?? 0)
      const name = isScalar(key) ? textOf(key.value, key.source) : null
      if (name === null || name === '__proto__' || name === '<<') {
        const message = name === '<<' ? 'merge keys (<<) are not understood' : 'expected the name of a setting as a key'
        this.#refuse(keyAt, path, message)
        continue
      }
      const before = entries.get(name)
      if (before) {
        const first = `${before.keyAt.line}:${before.keyAt.column}`
        this.#refuse(keyAt, [...path, name], 'is set twice in this file', `the first is at ${first}`)
        continue
      }
      const nothing: ScalarNode = { kind: 'scalar', text: null, ...keyAt }
      entries.set(name, { keyAt, value: value ? this.compose(value, [...path, name]) : nothing })
    }
    return { kind: 'map', entries, ...at }
  }

  #follow(name: string, at: Position, path: Path): ConfigNode {
    const target = this.#anchors.get(name)
    if (!target) return this.#refuse(at, path, `the alias *${quote(name)} has no anchor before it`)
    if (this.#open.has(target)) return this.#refuse(at, path, `the alias *${quote(name)} stands inside what it names`)
    this.#aliasDepth += 1
    const value = this.compose(target, path)
    this.#aliasDepth -= 1
    return value
  }

  #refuse(at: Position, path: Path, message: string, hint?: string): ScalarNode {
    this.#problems.push({ ...at, path: formatPath(path), message, ...(hint !== undefined && { hint }) })
    return { kind: 'scalar', text: '', isBroken: true, ...at }
  }
}

/** A file goes beyond a limit: what it says is not looked at any further. */
class TooMuch extends Error {
  readonly at: Position

  constructor(at: Position, message: string) {
    super(message)
    this.at = at
  }
}

/** `!!str`, `!!int`, `!!map` and the like change nothing here: what a text means is for the schema to say. */
function isPlainTag(tag: string | undefined): boolean {
  return tag === undefined || /^tag:yaml\.org,2002:(str|int|float|bool|null|map|seq)$/.test(tag)
}

/** A number or a truth value as it was written: `1.10` stays `1.10`. */
function textOf(value: unknown, source: string | undefined): string | null {
  return value === null ? null : typeof value === 'string' ? value : (source ?? String(value))
}
