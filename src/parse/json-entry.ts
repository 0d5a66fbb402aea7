/** The plain way from a JSON object to an entry: general, allocating, and what the transcoder is measured against. */
import { isObject, KEYS, type KeyNode } from './json-dialects.ts'
import { type Member, TakenFields, type Workplace } from './json-taken.ts'
import type { TimeRules } from './line.ts'
import { type Metadata, set } from './metadata.ts'

/** In place of the node of a member that is done with. */
const DONE: KeyNode = { spelling: undefined, members: undefined, dialect: undefined }

type JsonObject = Readonly<Record<string, unknown>>

/** One object for all lines of a file. */
export class EntrySorter {
  readonly #taken: TakenFields
  /** What each key of the outermost object means. */
  #nodes: (KeyNode | undefined)[] = []

  constructor(rules: TimeRules) {
    this.#taken = new TakenFields(rules)
  }

  /**
   * Sorts the members of `root` into the fields of an entry (returned) and `metadata`, and fills in the `facts` they bear on.
   * The entry may lack anything but `timestamp` and `level`.
   */
  sort(root: JsonObject, work: Workplace): Record<string, unknown> {
    this.#taken.begin(work.line)
    const keys = Object.keys(root)
    this.#takeOwn(root, keys)
    const own = this.#taken.metadata
    if (isObject(own)) work.metadata.adopt(own)
    this.#takeOthers(root, keys, work.metadata)
    return this.#taken.finish(work)
  }

  /** The members that bear the entry's own names; and what each key means, in #nodes. */
  #takeOwn(root: JsonObject, keys: readonly string[]): void {
    const nodes = this.#nodes
    nodes.length = 0
    let table = KEYS
    for (const key of keys) {
      const node = KEYS.get(key)
      nodes.push(node)
      if (node?.dialect?.isSpokenIn(root)) table = node.dialect.keys
    }
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] ?? ''
      if (table !== KEYS) nodes[i] = table.get(key)
      const spelling = nodes[i]?.spelling
      if (spelling === undefined) continue
      // null: the field is unknown, as if the member were not there.
      if (root[key] === null) nodes[i] = DONE
      else if (!spelling.isOwn) continue
      else if (this.#taken.take(spelling, root[key], root) === 'goes') nodes[i] = DONE
      else if (this.#taken.noteBad(spelling, { key, value: root[key] }, true)) nodes[i] = DONE
    }
  }

  #takeOthers(root: JsonObject, keys: readonly string[], metadata: Metadata): void {
    let hasWeak = false
    for (let i = 0; i < keys.length; i++) {
      const node = this.#nodes[i]
      if (node === DONE) continue
      const key = keys[i] ?? ''
      const value = root[key]
      if (node === undefined) metadata.add(key, value)
      else if (node.spelling?.isWeak && !isObject(value)) hasWeak = true
      else this.#takeOther(node, { key, value }, { root, metadata })
    }
    for (let i = 0; hasWeak && i < keys.length; i++) {
      const node = this.#nodes[i]
      const key = keys[i] ?? ''
      const value = root[key]
      if (node?.spelling?.isWeak && !isObject(value) && this.#taken.take(node.spelling, value, root) !== 'goes')
        metadata.add(key, value)
    }
  }

  #takeOther(
    { spelling, members }: KeyNode,
    member: Member,
    { root, metadata }: { root: JsonObject; metadata: Metadata },
  ): void {
    const { key, value } = member
    if (members !== undefined && isObject(value)) {
      const rest = this.#takeNested(value, members)
      if (rest !== undefined) metadata.add(key, rest)
      return
    }
    if (spelling === undefined) return metadata.add(key, value)
    if (spelling.isOwn) return metadata.add(key, value)
    if (this.#taken.take(spelling, value, root) === 'goes') return
    if (!this.#taken.noteBad(spelling, member, true)) metadata.add(key, value)
  }

  /** What is left of `object` when its members are in their fields; undefined: nothing. */
  #takeNested(object: JsonObject, nodes: ReadonlyMap<string, KeyNode>): unknown {
    let gone: string[] | undefined
    let changed: Record<string, unknown> | undefined
    for (const key of Object.keys(object)) {
      const node = nodes.get(key)
      if (node === undefined) continue
      const value = object[key]
      let rest = value
      if (value === null) continue
      if (node.members !== undefined && isObject(value)) rest = this.#takeNested(value, node.members)
      else if (node.spelling !== undefined) {
        const { spelling } = node
        // HTTP headers are lists in Go.
        const first = Array.isArray(value) && value.length === 1 && typeof value[0] === 'string' ? value[0] : value
        if (this.#taken.take(spelling, first, object) === 'goes') rest = undefined
        else this.#taken.noteBad(spelling, { key, value: first }, false)
      }
      if (rest === value) continue
      if (rest === undefined) {
        gone ??= []
        gone.push(key)
      } else {
        changed ??= {}
        set(changed, key, rest)
      }
    }
    if (gone === undefined && changed === undefined) return object
    const left: Record<string, unknown> = {}
    let count = 0
    for (const key of Object.keys(object)) {
      if (gone?.includes(key)) continue
      set(left, key, changed !== undefined && Object.hasOwn(changed, key) ? changed[key] : object[key])
      count++
    }
    return count === 0 ? undefined : left
  }
}
