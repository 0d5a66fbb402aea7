import { formOf, type LeafSetting, type MapSetting, type Setting, variantOf } from './outline.ts'
import type { ConfigNode, MapNode } from './tree.ts'

const MASK = '***'

/**
 * A part of the resolved tree as plain values in the words of agent.yaml: defaults filled in, secrets masked, and what has neither a value
 * nor a default left out (undefined).
 */
export function describeNode(setting: Setting, node: ConfigNode | undefined): unknown {
  switch (setting.kind) {
    case 'leaf':
      return node?.kind === 'scalar' ? describedText(setting, node.text ?? '') : setting.default
    case 'list':
      return node?.kind === 'list' ? node.items.map((item) => describeNode(setting.item, item)) : setting.default
    case 'named':
      return describeNamed(setting.value, node) ?? setting.default
    case 'choice': {
      const type = node?.kind === 'map' ? node.entries.get('type')?.value : undefined
      return describeMap(variantOf(setting, type?.kind === 'scalar' ? type.text : null), node)
    }
    case 'either': {
      const form = node && formOf(setting, node.kind)
      return form ? describeNode(form, node) : setting.default
    }
    default:
      return node === undefined && setting.default === undefined ? undefined : describeMap(setting, node)
  }
}

function describeNamed(value: Setting, node: ConfigNode | undefined): Record<string, unknown> | undefined {
  if (node?.kind !== 'map') return undefined
  return Object.fromEntries([...node.entries].map(([name, entry]) => [name, describeNode(value, entry.value)]))
}

function describeMap({ keys }: MapSetting, node: ConfigNode | undefined): Record<string, unknown> {
  const entries: MapNode['entries'] = node?.kind === 'map' ? node.entries : new Map()
  const described: [string, unknown][] = []
  for (const [key, child] of keys) {
    // A secret that a file holds is told by the file.
    const value = entries.has(`${key}_file`) ? undefined : describeNode(child, entries.get(key)?.value)
    if (value !== undefined) described.push([key, value])
  }
  return Object.fromEntries(described)
}

function describedText({ role, expected }: LeafSetting, text: string): unknown {
  if (role === 'secret') return shownAddress(text) ?? MASK
  if (expected === 'true or false') return text === 'true'
  return expected.startsWith('a whole number') ? Number(text) : text
}

/** An address without what may be secret in it: user, password, query. */
function shownAddress(text: string): string | undefined {
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? URL.parse(text) : null
  if (!url || url.host === '') return undefined
  return `${url.protocol}//${url.host}${url.pathname}`
}
