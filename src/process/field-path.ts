/**
 * A field of an entry by the name an operator calls it: one of LogEntry's own, or a path into `metadata`, with or without
 * `metadata.` in front. A key that is literally "order.id" wins over `id` inside of `order`. Names come from the configuration
 * and keys from log lines: only own properties are looked at, so `__proto__` is a key like any other.
 */
import { REQUIRED_FIELDS } from '../model/log-entry.ts'
import { FIELD_NAMES } from '../parse/fields.ts'
import { fitted } from './fitting.ts'

type Members = Record<string, unknown>

/** What a name may stand for without being in `metadata`. */
const OWN: ReadonlySet<string> = new Set([...FIELD_NAMES, 'host', 'source', 'file', 'offset'])
const REQUIRED: ReadonlySet<string> = new Set(REQUIRED_FIELDS)
/** Fields the chunk header tells of; see EntryFacts. */
const IN_FACTS: ReadonlySet<string> = new Set(['timestamp', 'level', 'service', 'status_code', 'duration'])

export class FieldPath {
  /** As it was given. */
  readonly name: string
  /** LogEntry's own name; undefined for a path into `metadata`. */
  readonly own: string | undefined
  /** The entry's facts change with it. */
  readonly isInFacts: boolean
  readonly isRequired: boolean
  /** The path as one literal key, and step by step: the objects on the way, and the member in the last of them. */
  readonly #key: string
  readonly #way: readonly string[]
  readonly #last: string

  constructor(name: string) {
    this.name = name
    this.own = OWN.has(name) ? name : undefined
    this.isInFacts = this.own !== undefined && IN_FACTS.has(this.own)
    this.isRequired = this.own !== undefined && REQUIRED.has(this.own)
    this.#key = name.startsWith('metadata.') ? name.slice('metadata.'.length) : name
    const steps = this.#key.split('.')
    this.#way = steps.slice(0, -1)
    this.#last = steps.at(-1) ?? ''
  }

  /** Undefined: the entry has no such field. */
  get(entry: Members): unknown {
    if (this.own !== undefined) return own(entry, this.own)
    const metadata = objectOf(own(entry, 'metadata'))
    const holder = metadata && this.#holder(metadata)
    return holder?.members[holder.key]
  }

  /**
   * Puts `value` into the field and returns whether that is where it went. A value that does not fit a field of LogEntry goes
   * into `metadata` under its name, with `_` appended while that is taken. `source`, `file` and `offset` take nothing: they
   * say where the record was read.
   */
  set(entry: Members, value: unknown): boolean {
    if (this.own === undefined) {
      this.#setMember(metadataOf(entry), value)
      return true
    }
    const fit = fitted(this.own, value, entry)
    if (fit === undefined) addMember(entry, this.own, value)
    else entry[this.own] = fit
    return fit !== undefined
  }

  /** Takes the field out. What every entry must have stays, except the message: that becomes empty. */
  delete(entry: Members): void {
    if (this.own === 'message') entry.message = ''
    else if (this.own !== undefined && !this.isRequired) delete entry[this.own]
    if (this.own !== undefined) return
    const metadata = objectOf(own(entry, 'metadata'))
    const holder = metadata && this.#holder(metadata)
    if (metadata === undefined || holder === undefined) return
    delete holder.members[holder.key]
    if (Object.keys(metadata).length === 0) delete entry.metadata
  }

  /** The object that has the field as a member of its own. */
  #holder(metadata: Members): { members: Members; key: string } | undefined {
    if (Object.hasOwn(metadata, this.#key)) return { members: metadata, key: this.#key }
    let members: Members | undefined = metadata
    for (const step of this.#way) members = members && objectOf(own(members, step))
    return members !== undefined && Object.hasOwn(members, this.#last) ? { members, key: this.#last } : undefined
  }

  /** Makes the objects on the way. Where something else is in the way, the path becomes a literal key. */
  #setMember(metadata: Members, value: unknown): void {
    const holder = this.#holder(metadata)
    if (holder !== undefined) return put(holder.members, holder.key, value)
    let members = metadata
    // Objects are only made where nothing is, so what is in the way is met before the first of them.
    for (const step of this.#way) {
      const inner = Object.hasOwn(members, step) ? objectOf(own(members, step)) : {}
      if (inner === undefined) return put(metadata, this.#key, value)
      put(members, step, inner)
      members = inner
    }
    put(members, this.#last, value)
  }
}

/** Adds a member to `metadata`; nothing is overwritten: a name that is taken gets `_` appended, as the parsers do it. */
export function addMember(entry: Members, name: string, value: unknown): void {
  const metadata = metadataOf(entry)
  let free = name
  while (Object.hasOwn(metadata, free)) free += '_'
  put(metadata, free, value)
}

/** A value as one text: null and what is absent as none, objects as JSON. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (value === undefined || value === null) return undefined
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

function metadataOf(entry: Members): Members {
  const present = objectOf(own(entry, 'metadata'))
  if (present !== undefined) return present
  const made: Members = {}
  entry.metadata = made
  return made
}

function own(members: Members, key: string): unknown {
  return Object.hasOwn(members, key) ? members[key] : undefined
}

function objectOf(value: unknown): Members | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : undefined
}

/** Assigning to `__proto__` would set the prototype. */
function put(members: Members, key: string, value: unknown): void {
  if (key !== '__proto__') members[key] = value
  else Object.defineProperty(members, key, { value, writable: true, enumerable: true, configurable: true })
}
