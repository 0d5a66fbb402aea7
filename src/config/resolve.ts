import path from 'node:path'
import { escapeGlob } from './glob.ts'
import { childOf, formOf, type LeafSetting, type MapSetting, type Setting, variantOf } from './outline.ts'
import { formatPath, type Path, type Problem } from './problem.ts'
import { readTextFile } from './read-file.ts'
import { type ConfigNode, type MapEntry, type MapNode, positionOf, type ScalarNode } from './tree.ts'

/**
 * What the schema's roles ask for, done once for all settings: relative paths and globs are resolved, secrets are read from
 * their `_file` twins, files that must be there are looked at, and a key with nothing behind it counts as left out.
 */

const MAX_SECRET_BYTES = 64 * 1024
const MAX_PEM_BYTES = 4 * 1024 * 1024
const TWIN = '_file'

interface Resolution {
  /** Relative paths begin here. */
  readonly dir: string
  readonly problems: Problem[]
  readonly warnings: Problem[]
}

export function resolveTree(root: ConfigNode, outline: Setting, to: Resolution): ConfigNode {
  return resolve(root, outline, [], to)
}

function resolve(node: ConfigNode, setting: Setting | undefined, at: Path, to: Resolution): ConfigNode {
  if (!setting) return node
  if (setting.kind === 'either') return resolve(node, formOf(setting, node.kind), at, to)
  if (setting.kind === 'leaf') return node.kind === 'scalar' ? resolveLeaf(node, setting, at, to) : node
  if (node.kind === 'scalar') return node.text === null && setting.kind !== 'list' ? emptyMap(node) : node
  if (node.kind === 'list') {
    if (setting.kind !== 'list') return node
    return { ...node, items: node.items.map((item, i) => resolve(item, setting.item, [...at, i], to)) }
  }
  const type = node.entries.get('type')?.value
  const map = setting.kind === 'choice' ? variantOf(setting, type?.kind === 'scalar' ? type.text : null) : setting
  const entries = new Map<string, MapEntry>()
  for (const [key, entry] of node.entries) {
    const child = childOf(map, key)
    const isLeft = entry.value.kind === 'scalar' && entry.value.text === null && map.kind === 'map'
    if (isLeft && (child?.kind === 'leaf' || child?.kind === 'list' || child?.kind === 'either')) continue
    entries.set(key, { ...entry, value: resolve(entry.value, child, [...at, key], to) })
  }
  if (map.kind === 'map') readTwins(entries, map, at, to)
  return { ...node, entries }
}

function emptyMap({ file, line, column }: ScalarNode): MapNode {
  return { kind: 'map', file, line, column, entries: new Map() }
}

function resolveLeaf(node: ScalarNode, setting: LeafSetting, at: Path, to: Resolution): ScalarNode {
  const { text } = node
  if (!text || node.isBroken || text.startsWith('~/')) return node
  if (setting.role === 'path') return { ...node, text: path.resolve(to.dir, text) }
  if (setting.role === 'glob') return { ...node, text: path.resolve(escapeGlob(to.dir), text) }
  if (setting.role !== 'file') return node
  const file = path.resolve(to.dir, text)
  const read = readTextFile(file, MAX_PEM_BYTES)
  if (read.kind === 'ok') return { ...node, text: file }
  to.problems.push({ ...positionOf(node), path: formatPath(at), message: `${file} ${read.reason}` })
  return { ...node, isBroken: true }
}

/** For each secret of `map` that is given by file: its text, in place of the secret. */
function readTwins(entries: Map<string, MapEntry>, map: MapSetting, at: Path, to: Resolution): void {
  for (const [key, setting] of map.keys) {
    if (setting.kind !== 'leaf' || setting.role !== 'secret') continue
    const twin = entries.get(key + TWIN)
    if (twin?.value.kind !== 'scalar') continue
    const given = entries.get(key)
    const where = { path: formatPath([...at, key + TWIN]), ...positionOf(twin.value) }
    if (given) {
      const first = `${given.keyAt.file}:${given.keyAt.line}:${given.keyAt.column}`
      to.problems.push({
        ...where,
        message: `expected ${key} or ${key}${TWIN}, got both`,
        hint: `${key} is at ${first}`,
      })
      continue
    }
    entries.set(key, { keyAt: twin.keyAt, value: readSecret(twin.value, where, to) })
  }
}

function readSecret(twin: ScalarNode, where: Omit<Problem, 'message'>, to: Resolution): ScalarNode {
  const broken: ScalarNode = { ...twin, text: '', isBroken: true }
  if (twin.isBroken || !twin.text) return broken
  const read = readTextFile(twin.text, MAX_SECRET_BYTES)
  if (read.kind === 'bad') {
    to.problems.push({ ...where, message: `${twin.text} ${read.reason}` })
    return broken
  }
  const text = read.text.replace(/\r?\n$/, '')
  if (text === '') {
    to.problems.push({ ...where, message: `${twin.text} is empty` })
    return broken
  }
  if (read.isWorldReadable) {
    to.warnings.push({ ...where, message: `${twin.text} can be read by every user of this host`, hint: 'chmod 600 it' })
  }
  return { ...twin, text }
}
