import { lstatSync } from 'node:fs'
import { codeOf, messageOf } from '../errors.ts'
import type { Log } from '../run/log.ts'
import type { Problem } from './attachments.ts'
import type { Source } from './source.ts'

/** Matching paths that are not read, and why: kept for the status, and told once each. */
export class Refusals {
  readonly #problems: Map<string, Problem>
  readonly #log: Log

  constructor(problems: Map<string, Problem>, log: Log) {
    this.#problems = problems
    this.#log = log
  }

  /** Opening or reading it failed. A path that leads nowhere is no problem, but for a link whose target may come yet. */
  failed(path: string, source: Source, error: unknown): void {
    if (codeOf(error) === 'ENOENT' && !isLink(path)) return
    const kind = codeOf(error) === 'EACCES' || codeOf(error) === 'EPERM' ? 'permission_denied' : 'unreadable'
    this.refuse(path, { kind, source, message: messageOf(error), sizeBytes: 0, identity: undefined })
  }

  refuse(path: string, problem: Problem): void {
    const isNews = this.#problems.get(path)?.kind !== problem.kind
    this.#problems.set(path, problem)
    if (!isNews || problem.kind === 'copy') return
    const { source, message } = problem
    source.lastError = `${path}: ${message}`
    this.#log.warn('Cannot read a file', {
      path,
      source: source.config.name,
      reason: message,
      ...(problem.kind === 'permission_denied' && {
        hint: 'let the group of the agent (often adm) read it, or grant it by an ACL',
      }),
    })
  }
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true
}
