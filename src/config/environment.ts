import { formatPath, oneOf, type Path, type Problem, quote } from './problem.ts'
import { type ConfigNode, type MapEntry, positionOf, type ScalarNode } from './tree.ts'

/**
 * `${VAR}`, `${VAR:-default}`, `${VAR:?message}` and `$$`, as a shell means them: `:-` and `:?` also act on a variable
 * that is set but empty. Values only, never keys, and after the YAML was parsed: what a variable holds cannot add
 * settings, and is not looked into again.
 */

export type Environment = Readonly<Record<string, string | undefined>>

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/
const FORMS = ['NAME', 'NAME:-default', 'NAME:?message'].map((form) => `\${${form}}`)

/** `root` with its variables replaced. A scalar whose variable is missing is marked broken, and told. */
export function expandTree(root: ConfigNode, env: Environment, problems: Problem[]): ConfigNode {
  const walk = (node: ConfigNode, path: Path): ConfigNode => {
    if (node.kind === 'list') return { ...node, items: node.items.map((item, i) => walk(item, [...path, i])) }
    if (node.kind === 'map') {
      const entries = new Map<string, MapEntry>()
      for (const [key, entry] of node.entries) entries.set(key, { ...entry, value: walk(entry.value, [...path, key]) })
      return { ...node, entries }
    }
    return expandScalar(node, path, env, problems)
  }
  return walk(root, [])
}

function expandScalar(node: ScalarNode, path: Path, env: Environment, problems: Problem[]): ScalarNode {
  if (!node.text?.includes('$')) return node
  const expanded = expand(node.text, env)
  if (expanded.problems.length === 0) return { ...node, text: expanded.text }
  for (const problem of expanded.problems) problems.push({ ...positionOf(node), path: formatPath(path), ...problem })
  return { ...node, text: '', isBroken: true }
}

type Expanded = { readonly text: string; readonly problems: readonly { message: string; hint?: string }[] }

/** One text with its variables replaced, and what was wrong with them. */
export function expand(text: string, env: Environment): Expanded {
  const problems: { message: string; hint?: string }[] = []
  const result = text.replace(/\$\$|\$\{([^}]*)(\}?)/g, (found, body: string | undefined, close: string) => {
    if (found === '$$') return '$'
    const [, name = '', operator, rest = ''] = /^(.*?)(?:(:-|:\?)(.*))?$/s.exec(body ?? '') ?? []
    if (rest.includes(`\${`)) {
      problems.push({ message: 'expected a plain text behind :- or :?, got another variable' })
      return ''
    }
    if (close === '' || !NAME.test(name)) {
      problems.push({ message: `expected ${oneOf(FORMS)}`, hint: 'a plain dollar sign is written $$' })
      return ''
    }
    const value = Object.hasOwn(env, name) ? env[name] : undefined
    if (value !== undefined && (value !== '' || operator === undefined)) return value
    if (operator === ':-') return rest
    const hint = `set it, or write \${${name}:-default}`
    if (operator === ':?')
      problems.push({ message: `the variable ${name} is not set: ${quote(rest || 'it is required')}` })
    else problems.push({ message: `the variable ${name} is not set`, hint })
    return ''
  })
  return { text: result, problems }
}
