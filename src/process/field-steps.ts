/** The steps that change fields: `add`, `rename` and `drop`. An entry none of its fields concerns keeps its bytes. */
import { addMember, FieldPath } from './field-path.ts'
import type { Step } from './step.ts'
import type { WorkingEntry } from './working-entry.ts'

/** Sets fields, whatever they were before. */
export function createAddStep(fields: Readonly<Record<string, string | number | boolean>>): Step {
  const additions = Object.entries(fields).map(([name, value]) => ({ path: new FieldPath(name), value }))
  const areFactsConcerned = additions.some(({ path }) => path.isInFacts)
  return {
    kind: 'add',
    apply(work) {
      let isChanged = false
      for (const { path, value } of additions) {
        if (path.get(work.object) === value) continue
        path.set(work.change(), value)
        isChanged = true
      }
      return done(work, isChanged && areFactsConcerned)
    },
  }
}

/**
 * Gives the values of fields another name. A name that is taken gets `_` appended; but the fields every entry has (service,
 * level and the like) are always taken, so those are replaced, and a message that was replaced is kept as `message_`.
 */
export function createRenameStep(fields: Readonly<Record<string, string>>): Step {
  const moves = Object.entries(fields).map(([from, to]) => ({ from: new FieldPath(from), to: new FieldPath(to) }))
  const areFactsConcerned = moves.some(({ from, to }) => from.isInFacts || to.isInFacts)
  return {
    kind: 'rename',
    apply(work) {
      let isChanged = false
      for (const { from, to } of moves) {
        const value = from.name === to.name ? undefined : from.get(work.object)
        if (value === undefined) continue
        move(work.change(), value, { from, to })
        isChanged = true
      }
      return done(work, isChanged && areFactsConcerned)
    },
  }
}

function move(entry: Record<string, unknown>, value: unknown, { from, to }: { from: FieldPath; to: FieldPath }): void {
  from.delete(entry)
  if (to.isRequired) {
    const { message } = entry
    if (to.set(entry, value) && to.own === 'message' && message !== '') addMember(entry, 'message_', message)
    return
  }
  let free = to
  while (free.get(entry) !== undefined) free = new FieldPath(`${free.name}_`)
  free.set(entry, value)
}

/** Takes fields out. What every entry must have stays, except the message: that becomes empty. */
export function createDropStep(fields: readonly string[]): Step {
  const paths = fields.map((name) => new FieldPath(name))
  const areFactsConcerned = paths.some((path) => path.isInFacts)
  return {
    kind: 'drop',
    apply(work) {
      let isChanged = false
      for (const path of paths) {
        if (path.get(work.object) === undefined || (path.isRequired && path.own !== 'message')) continue
        path.delete(work.change())
        isChanged = true
      }
      return done(work, isChanged && areFactsConcerned)
    },
  }
}

/** Steps further on look at the facts. The bytes can wait until all steps are through. */
function done(work: WorkingEntry, areFactsChanged: boolean): 'keep' {
  if (areFactsChanged) work.refreshFacts()
  return 'keep'
}
