import { z } from 'zod'
import { oneOf } from './problem.ts'
import { agentSchema } from './schema.ts'
import type { Role } from './settings.ts'

/**
 * The schema as everything but decoding needs it: which keys a map has, which texts are paths or secrets, what is expected
 * where. Taken from the JSON Schema that zod derives, so nothing here reaches into zod, and nothing is said twice.
 */
export type Setting = MapSetting | NamedSetting | ListSetting | ChoiceSetting | EitherSetting | LeafSetting

interface About {
  readonly description: string
  readonly default?: unknown
}

/** A map with fixed keys. */
export interface MapSetting extends About {
  readonly kind: 'map'
  readonly keys: ReadonlyMap<string, Setting>
  readonly required: ReadonlySet<string>
}

/** A map whose keys the operator chooses. */
export interface NamedSetting extends About {
  readonly kind: 'named'
  readonly expectedName: string
  readonly value: Setting
}

export interface ListSetting extends About {
  readonly kind: 'list'
  readonly item: Setting
  readonly minItems: number
}

/** A map whose `type` says which keys it has. */
export interface ChoiceSetting extends About {
  readonly kind: 'choice'
  readonly variants: ReadonlyMap<string, MapSetting>
}

/** What may be written in several forms. */
export interface EitherSetting extends About {
  readonly kind: 'either'
  /** At most one that is a leaf, one that is a list, and one that is a map. */
  readonly forms: readonly Setting[]
}

export interface LeafSetting extends About {
  readonly kind: 'leaf'
  /** `a whole number from 1 to 64`. */
  readonly expected: string
  readonly role?: Role
  /** The only texts allowed, when they can be told. */
  readonly values?: readonly string[]
}

type Json = z.core.JSONSchema.JSONSchema

export function agentJsonSchema(): Json {
  return z.toJSONSchema(agentSchema, { io: 'input' })
}

/** The settings of agent.yaml. */
export function agentOutline(): Setting {
  return outlineOf(agentJsonSchema())
}

/** What is expected where `setting` stands, for a message. */
export function expectedOf(setting: Setting): string {
  switch (setting.kind) {
    case 'leaf':
      return setting.expected
    case 'list':
      return setting.minItems > 0 ? 'a list with at least one item' : 'a list'
    case 'choice':
      return `a map with a type, which is ${oneOf([...setting.variants.keys()])}`
    case 'either':
      return setting.forms.map(expectedForm).join(', or ')
    default:
      return 'a map'
  }
}

/** The setting at `key` of `parent`; `type` is what the value's `type` says, for a choice. */
export function childOf(parent: Setting | undefined, key: string | number, type?: string | null): Setting | undefined {
  switch (parent?.kind) {
    case 'map':
      return parent.keys.get(String(key))
    case 'named':
      return parent.value
    case 'list':
      return parent.item
    case 'choice':
      return variantOf(parent, type)?.keys.get(String(key))
    case 'either':
      return childOf(formOf(parent, typeof key === 'number' ? 'list' : 'map'), key, type)
    default:
      return undefined
  }
}

/** The form of `either` that a value of this kind is written in. */
export function formOf(either: EitherSetting, kind: 'scalar' | 'list' | 'map'): Setting | undefined {
  return either.forms.find((form) => (form.kind === 'leaf' ? 'scalar' : form.kind === 'list' ? 'list' : 'map') === kind)
}

function expectedForm(form: Setting): string {
  if (form.kind === 'list') return 'a list of them'
  return form.kind === 'map' ? `a map with ${oneOf([...form.keys.keys()])}` : expectedOf(form)
}

/** While its `type` is missing or wrong, a choice knows that key alone. */
export function variantOf(choice: ChoiceSetting, type: string | null | undefined): MapSetting {
  const known = choice.variants.get(type ?? '')
  if (known) return known
  const values = [...choice.variants.keys()]
  const leaf: LeafSetting = { kind: 'leaf', description: '', expected: `one of ${oneOf(values)}`, values }
  return { kind: 'map', description: '', keys: new Map([['type', leaf]]), required: new Set(['type']) }
}

function outlineOf(json: Json): Setting {
  const about: About = {
    description: json.description ?? '',
    ...(json.default !== undefined && { default: json.default }),
  }
  const { additionalProperties: rest, items } = json
  if (json.oneOf) return { kind: 'choice', ...about, variants: new Map(json.oneOf.filter(isSchema).map(variant)) }
  if (json.anyOf) return { kind: 'either', ...about, forms: json.anyOf.filter(isSchema).map(outlineOf) }
  if (json.properties) return mapOf(json)
  if (isSchema(rest)) {
    const expectedName = isSchema(json.propertyNames) ? expectedLeaf(json.propertyNames) : 'a name'
    return { kind: 'named', ...about, expectedName, value: outlineOf(rest) }
  }
  if (isSchema(items)) return { kind: 'list', ...about, item: outlineOf(items), minItems: json.minItems ?? 0 }
  const values = (json.enum ?? (json.const === undefined ? undefined : [json.const]))?.map(String)
  const role = roleOf(json)
  return { kind: 'leaf', ...about, expected: expectedLeaf(json), ...(role && { role }), ...(values && { values }) }
}

function mapOf(json: Json): MapSetting {
  const keys = Object.entries(json.properties ?? {}).filter((e): e is [string, Json] => isSchema(e[1]))
  return {
    kind: 'map',
    description: json.description ?? '',
    ...(json.default !== undefined && { default: json.default }),
    keys: new Map(keys.map(([key, value]) => [key, outlineOf(value)])),
    required: new Set(json.required),
  }
}

function variant(json: Json): [string, MapSetting] {
  const type = json.properties?.type
  return [isSchema(type) ? String(type.const) : '', mapOf(json)]
}

function expectedLeaf(json: Json): string {
  if (typeof json.expected === 'string') return json.expected
  if (json.enum) return `one of ${oneOf(json.enum.map(String))}`
  if (json.const !== undefined) return String(json.const)
  if (json.type === 'boolean') return 'true or false'
  if (json.type === 'integer') return `a whole number from ${json.minimum} to ${json.maximum}`
  return 'text'
}

function roleOf(json: Json): Role | undefined {
  const { role } = json
  return role === 'path' || role === 'file' || role === 'glob' || role === 'secret' ? role : undefined
}

/** Not one of the schemas that are `true` or `false`. */
export function isSchema(json: unknown): json is Json {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}
