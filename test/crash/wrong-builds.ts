import type { Patch } from './build.ts'

/**
 * Builds that break one promise each, with a kill where it hurts. A storm that does not notice them proves nothing about the
 * right one.
 */
export interface WrongBuild {
  readonly name: string
  readonly patch: Patch
  /** What the storm has to say of it. */
  readonly violation: RegExp
}

const DIE = `if (Math.random() < 0.1) process.kill(process.pid, 'SIGKILL')`
const COMMIT = `if (room.kind === 'full') this.#dropOldest(bytes)
      store.commitAll(commits)`
const ENTRIES = 'store.commitAll(commits.map((commit) => ({ ...commit, checkpoints: [] })))'
const CHECKPOINTS = 'store.commitAll(commits.map(({ checkpoints, nowMs }) => ({ checkpoints, ledger: [], nowMs })))'

export const WRONG_BUILDS: readonly WrongBuild[] = [
  {
    name: 'stores entries and checkpoints in two transactions',
    patch: {
      file: 'ingest/committer.ts',
      find: COMMIT,
      replace: `${ENTRIES}
      ${DIE}
      ${CHECKPOINTS}`,
    },
    violation: /is stored twice/,
  },
  {
    name: 'stores checkpoints before the entries',
    patch: {
      file: 'ingest/committer.ts',
      find: COMMIT,
      replace: `${CHECKPOINTS}
      ${DIE}
      ${ENTRIES}`,
    },
    violation: /is stored and .* before it is not/,
  },
  {
    name: 'moves the cursor before the acknowledgement',
    patch: {
      file: 'deliver/forwarder.ts',
      find: `delivery.state = 'sending'
`,
      replace: `delivery.finish({ delivered: delivery.entries, dead: NONE_DEAD, deadLetters: [] })
`,
    },
    violation: /the collector never took/,
  },
]
