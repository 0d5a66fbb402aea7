import type { z } from 'zod'
import { nearest } from './nearest.ts'
import { childOf, expectedOf, formOf, type Setting, variantOf } from './outline.ts'
import { formatPath, type Path, type Position, type Problem, quote } from './problem.ts'
import { type AgentConfig, agentSchema } from './schema.ts'
import { type ConfigNode, locate, positionOf, toPlain } from './tree.ts'

export type Decoded =
  | { readonly kind: 'ok'; readonly config: AgentConfig }
  | { readonly kind: 'bad'; readonly problems: Problem[] }

/** The tree as a configuration, or all that the schema has against it, in our words and with its places. */
export function decodeTree(root: ConfigNode, outline: Setting): Decoded {
  const decoded = agentSchema.safeParse(toPlain(root))
  if (decoded.success) return { kind: 'ok', config: decoded.data }
  const problems = decoded.error.issues.flatMap((issue) => problemsOf(issue, root, outline))
  return { kind: 'bad', problems: problems.filter((problem) => !isOutdone(problem, problems)) }
}

/** Of a section with an unknown setting it need not be said that a known one is missing: that is what it was to be. */
function isOutdone({ message, path }: Problem, problems: readonly Problem[]): boolean {
  const isMissing = message.startsWith('expected one of')
    ? message.endsWith(', got none')
    : message.endsWith('got neither')
  return isMissing && problems.some((other) => other.path === path && other.message.startsWith('unknown setting'))
}

function problemsOf(issue: z.core.$ZodIssue, root: ConfigNode, outline: Setting): Problem[] {
  const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)))
  const { setting, parent } = settingAt(path, root, outline)
  const { at, node, isBroken } = locate(root, path)
  if (isBroken) return []
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey([...path, key], setting, root))
    case 'invalid_key': {
      const own = issue.issues.find(({ code }) => code === 'custom')?.message
      if (own !== undefined) return [{ ...positionOf(at), path: formatPath(path), message: own }]
      const expected = parent?.kind === 'named' ? parent.expectedName : 'another name'
      return [
        {
          ...positionOf(at),
          path: formatPath(path),
          message: `expected ${expected}, got ${quote(String(path.at(-1)))}`,
        },
      ]
    }
    case 'invalid_union': {
      // A map whose type says nothing that is known has no errors: it is a choice, told like any wrong value.
      if (issue.errors.length === 0) return [unfit(path, { setting, parent, node, at })]
      const issues = issuesOfForm(issue)
      if (!issues) return [unfit(path, { setting, parent, node, at })]
      return issues.flatMap((inner) => problemsOf({ ...inner, path: [...issue.path, ...inner.path] }, root, outline))
    }
    case 'custom': {
      const hint = issue.params?.hint
      const isComplete =
        issue.params?.isComplete === true || !issue.message.startsWith('expected') || issue.message.includes(', got ')
      const message = isComplete ? issue.message : `${issue.message}, got ${shown(node, setting)}`
      const place = node?.kind === 'scalar' ? node : at
      return [{ ...positionOf(place), path: formatPath(path), message, ...(typeof hint === 'string' && { hint }) }]
    }
    default:
      return [unfit(path, { setting, parent, node, at })]
  }
}

interface Place {
  readonly setting: Setting | undefined
  readonly parent: Setting | undefined
  readonly node: ConfigNode | undefined
  readonly at: Position
}

/** A value that is not what is expected there, or is missing. */
function unfit(path: Path, { setting, parent, node, at }: Place): Problem {
  const expected = setting ? expectedOf(setting) : 'something else'
  if (!node) {
    const twin = `${path.at(-1)}_file`
    const hint = parent?.kind === 'map' && parent.keys.has(twin) ? { hint: `or give ${twin}` } : {}
    return { ...positionOf(at), path: formatPath(path), message: `is missing: expected ${expected}`, ...hint }
  }
  const message = `expected ${expected}, got ${shown(node, setting)}`
  return { ...positionOf(node), path: formatPath(path), message, ...hintFor(node, setting) }
}

/** What is wrong with the one form the value was written in; nothing when it is written in none. */
function issuesOfForm(issue: z.core.$ZodIssueInvalidUnion): z.core.$ZodIssue[] | undefined {
  const isOtherForm = (issues: z.core.$ZodIssue[]): boolean =>
    issues.some(({ code, path }) => path.length === 0 && (code === 'invalid_type' || code === 'invalid_value'))
  return issue.errors.find((issues) => !isOtherForm(issues))
}

function unknownKey(path: Path, parent: Setting | undefined, root: ConfigNode): Problem {
  const key = String(path.at(-1))
  const known = parent?.kind === 'map' ? [...parent.keys.keys()] : []
  const near = nearest(key, known)
  const hint = near ? `did you mean \`${near}\`?` : `known are ${known.join(', ')}`
  return {
    ...positionOf(locate(root, path).at),
    path: formatPath(path.slice(0, -1)),
    message: `unknown setting ${quote(key)}`,
    hint,
  }
}

/** What was found. A secret is never shown, and neither is a text where a map was due: it may hold one (`token:abc`). */
function shown(node: ConfigNode | undefined, setting: Setting | undefined): string {
  if (!node) return 'nothing'
  if (node.kind === 'list') return node.items.length === 0 ? 'an empty list' : 'a list'
  if (node.kind === 'map') return 'a map'
  if (!node.text) return 'nothing'
  if (setting?.kind !== 'leaf') return 'text'
  return setting.role === 'secret' ? 'something else (not shown)' : quote(node.text)
}

function hintFor(node: ConfigNode, setting: Setting | undefined): { hint?: string } {
  if (node.kind !== 'scalar' || !node.text) return {}
  if (setting?.kind === 'list') return { hint: 'begin the line with a dash, or write […] around it' }
  if (setting?.kind !== 'leaf') return /^[a-z_]+:\S/.test(node.text) ? { hint: 'a space is due after the colon' } : {}
  const near = nearest(node.text, setting.values ?? [])
  return near ? { hint: `did you mean \`${near}\`?` } : {}
}

function settingAt(path: Path, root: ConfigNode, outline: Setting): { setting?: Setting; parent?: Setting } {
  let parent: Setting | undefined
  let setting: Setting | undefined = outline
  path.forEach((step, i) => {
    parent = setting?.kind === 'choice' ? variantOf(setting, typeAt(root, path.slice(0, i))) : setting
    setting = childOf(parent, step)
  })
  const kind = locate(root, path).node?.kind
  const own =
    setting?.kind === 'choice' && kind === 'map'
      ? variantOf(setting, typeAt(root, path))
      : setting?.kind === 'either' && kind !== undefined
        ? (formOf(setting, kind) ?? setting)
        : setting
  return { ...(own && { setting: own }), ...(parent && { parent }) }
}

function typeAt(root: ConfigNode, path: Path): string | null {
  const type = locate(root, [...path, 'type']).node
  return type?.kind === 'scalar' ? type.text : null
}
