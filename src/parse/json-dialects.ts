/**
 * The table of spellings as the plain way asks it: keys of the outermost object, what lies in objects below them, and what
 * holds only in the records of one program. Several programs write keys that mean something else everywhere else; each is
 * told by a key no other writes.
 */
import { SPELLINGS, type Spelling, spellingsBy } from './fields.ts'

/** A key: what its value may be, and what members of an object there may be. */
export interface KeyNode {
  readonly spelling: Spelling | undefined
  readonly members: ReadonlyMap<string, KeyNode> | undefined
  /** The key is the mark of this program. */
  readonly dialect: Dialect | undefined
}

export interface Dialect {
  readonly marker: string
  /** The record, which has the marker, is the program's. */
  isSpokenIn(root: Readonly<Record<string, unknown>>): boolean
  readonly keys: ReadonlyMap<string, KeyNode>
}

interface GrowingNode extends KeyNode {
  spelling: Spelling | undefined
  members: Map<string, GrowingNode> | undefined
  dialect: Dialect | undefined
}

const nodes = new Map<string, GrowingNode>()
for (const [path, spelling] of SPELLINGS) place(nodes, path, spelling)

/** Keys of the outermost object that mean something. */
export const KEYS: ReadonlyMap<string, KeyNode> = nodes

/** `a.b.c` is a key, or `b.c` in `a`, or `c` in `b` in `a`. */
function place(level: Map<string, GrowingNode>, path: string, spelling: Spelling): void {
  nodeOf(level, path).spelling = spelling
  const dot = path.indexOf('.')
  if (dot <= 0 || path.includes('/')) return
  const parent = nodeOf(level, path.slice(0, dot))
  parent.members ??= new Map()
  place(parent.members, path.slice(dot + 1), spelling)
}

function nodeOf(level: Map<string, GrowingNode>, key: string): GrowingNode {
  let node = level.get(key)
  if (node === undefined) {
    node = { spelling: undefined, members: undefined, dialect: undefined }
    level.set(key, node)
  }
  return node
}

function addDialect(
  program: string,
  marker: string,
  { isSpokenIn, without = [] }: Pick<Dialect, 'isSpokenIn'> & { readonly without?: readonly string[] },
): void {
  const keys = new Map<string, KeyNode>(nodes)
  for (const [key, spelling] of spellingsBy(program))
    keys.set(key, { spelling, members: nodes.get(key)?.members, dialect: undefined })
  for (const key of without) keys.delete(key)
  nodeOf(nodes, marker).dialect = { marker, isSpokenIn, keys }
}

// `version` is that of GELF.
addDialect('GELF', 'short_message', {
  isSpokenIn: ({ version }) => typeof version === 'string' && /^1\.[01]$/.test(version),
  without: ['version'],
})
addDialect('MongoDB', 't', {
  isSpokenIn: ({ t, s, c }) => isObject(t) && typeof s === 'string' && typeof c === 'string',
})
addDialect('Traefik', 'DownstreamStatus', { isSpokenIn: () => true })
addDialect('Envoy', 'response_flags', { isSpokenIn: () => true })

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
