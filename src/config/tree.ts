import { formatPath, type Path, type Position, type Problem } from './problem.ts'

/**
 * A configuration as it was written: every value knows its place, and every scalar is text. What a text means (`5` a
 * number, `true` a claim, `10MiB` a size) is for the schema to say, so `version: 1.10` is not 1.1 and `${VAR}` needs no guess.
 */
export type ConfigNode = ScalarNode | MapNode | ListNode

export interface ScalarNode extends Position {
  readonly kind: 'scalar'
  /** Null: nothing, `~` or `null` stands there. */
  readonly text: string | null
  /** Its problem was told already; nothing that follows from it is worth telling. */
  readonly isBroken?: true
}

export interface MapNode extends Position {
  readonly kind: 'map'
  readonly entries: ReadonlyMap<string, MapEntry>
}

export interface MapEntry {
  readonly keyAt: Position
  readonly value: ConfigNode
}

export interface ListNode extends Position {
  readonly kind: 'list'
  readonly items: readonly ConfigNode[]
}

/** The place alone, without the value that stands there. */
export function positionOf({ file, line, column }: Position): Position {
  return { file, line, column }
}

/** The tree as plain objects for the schema. Objects have no prototype, so no key is special. */
export function toPlain(node: ConfigNode): unknown {
  if (node.kind === 'scalar') return node.text
  if (node.kind === 'list') return node.items.map(toPlain)
  const plain: Record<string, unknown> = Object.create(null)
  for (const [key, { value }] of node.entries) plain[key] = toPlain(value)
  return plain
}

export interface Located {
  /** Where the deepest step that exists stands: at its key for a map entry. */
  readonly at: Position
  /** The value itself, when the whole path exists. */
  readonly node?: ConfigNode
  /** Whether a problem on the way was told already. */
  readonly isBroken: boolean
}

/** Finds `path`, or the last step of it that exists. */
export function locate(root: ConfigNode, path: Path): Located {
  let node: ConfigNode = root
  let at: Position = root
  for (const step of path) {
    if (node.kind === 'scalar') return { at, isBroken: node.isBroken === true }
    const entry: MapEntry | undefined = node.kind === 'map' ? node.entries.get(String(step)) : listEntry(node, step)
    if (!entry) return { at, isBroken: false }
    node = entry.value
    at = entry.keyAt
  }
  return { at, node, isBroken: node.kind === 'scalar' && node.isBroken === true }
}

function listEntry(list: ListNode, step: string | number): MapEntry | undefined {
  const value = list.items[Number(step)]
  return value && { keyAt: value, value }
}

/** `added` laid over `base`: maps merge, lists append, a scalar may be said twice only when it says the same. */
export function mergeTrees(base: ConfigNode, added: ConfigNode, problems: Problem[], path: Path = []): ConfigNode {
  if (isNothing(added)) return base
  if (isNothing(base)) return added
  if (base.kind === 'map' && added.kind === 'map') {
    const entries = new Map(base.entries)
    for (const [key, entry] of added.entries) {
      const present = entries.get(key)
      const value = present ? mergeTrees(present.value, entry.value, problems, [...path, key]) : entry.value
      entries.set(key, { keyAt: present?.keyAt ?? entry.keyAt, value })
    }
    return { ...base, entries }
  }
  if (base.kind === 'list' && added.kind === 'list') return { ...base, items: [...base.items, ...added.items] }
  if (base.kind === 'scalar' && added.kind === 'scalar' && base.text === added.text) return base
  if (isBroken(base) || isBroken(added)) return base
  const first = `${base.file}:${base.line}:${base.column}`
  const message =
    base.kind === added.kind ? 'is set twice, to different values' : `is set twice, here as a ${added.kind}`
  problems.push({ ...positionOf(added), path: formatPath(path), message, hint: `the first is at ${first}` })
  return base
}

function isBroken(node: ConfigNode): boolean {
  return node.kind === 'scalar' && node.isBroken === true
}

function isNothing(node: ConfigNode): boolean {
  return node.kind === 'scalar' && node.text === null
}
