import type { z } from 'zod'
import { agentJsonSchema, isSchema } from './outline.ts'

type Json = z.core.JSONSchema.JSONSchema

/** The JSON Schema (draft 2020-12) of agent.yaml, for editors: what they check is the text before `${VAR}` is replaced. */
export function editorSchema(): Json {
  return { title: 'obs-agent configuration', ...forEditor(agentJsonSchema()) }
}

/** A value with `${VAR}` in it is not checked further. */
const WITH_VARIABLE: Json = { type: 'string', pattern: '\\$\\{' }

function forEditor(json: Json): Json {
  const { role, expected: _expected, properties, items, additionalProperties, oneOf, anyOf, required, ...rest } = json
  if (anyOf) return { ...rest, anyOf: anyOf.filter(isSchema).map(forEditor) }
  if (oneOf) return { ...rest, oneOf: oneOf.filter(isSchema).map(forEditor) }
  if (items !== undefined)
    return { ...rest, items: Array.isArray(items) ? items.filter(isSchema).map(forEditor) : child(items) }
  if (properties) {
    const entries = Object.entries(properties).map(([key, value]) => [key, child(value)])
    const own = { ...rest, properties: Object.fromEntries(entries), additionalProperties: false }
    return { ...own, ...requirements(required ?? [], Object.keys(properties)) }
  }
  if (additionalProperties !== undefined) {
    const names = rest.propertyNames === undefined ? {} : { propertyNames: withoutMarks(rest.propertyNames) }
    return { ...rest, ...names, additionalProperties: child(additionalProperties) }
  }
  const { description, default: fallback, examples, ...checks } = rest
  const about = {
    ...(description !== undefined && { description }),
    ...(fallback !== undefined && { default: fallback }),
    ...(examples !== undefined && { examples }),
    ...(role === 'secret' && { writeOnly: true }),
  }
  const isFree = checks.const !== undefined || (checks.type === 'string' && !checks.pattern && !checks.enum)
  return isFree ? { ...about, ...checks } : { ...about, anyOf: [checks, WITH_VARIABLE] }
}

/** A required secret may be given by its twin instead. */
function requirements(required: readonly string[], keys: readonly string[]): Json {
  const twins = required.filter((key) => keys.includes(`${key}_file`))
  const always = required.filter((key) => !twins.includes(key))
  return {
    ...(always.length > 0 && { required: always }),
    ...(twins.length > 0 && {
      allOf: twins.map((key) => ({ oneOf: [{ required: [key] }, { required: [`${key}_file`] }] })),
    }),
  }
}

function child(json: Json | boolean): Json | boolean {
  return typeof json === 'boolean' ? json : forEditor(json)
}

function withoutMarks(json: Json | boolean): Json | boolean {
  if (typeof json === 'boolean') return json
  const { expected: _expected, ...rest } = json
  return rest
}
