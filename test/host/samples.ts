import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Test } from 'tap'
import type { HostCollector, HostRoots } from '../../src/host/collector.ts'
import type { FamilySamples } from '../../src/metrics/exposition.ts'

export const FIXTURES = join(import.meta.dirname, '../fixtures/host')

/** The tree of a recorded host. */
export const machine = (name: string): HostRoots => ({
  proc: join(FIXTURES, name, 'proc'),
  sys: join(FIXTURES, name, 'sys'),
  root: join(FIXTURES, name, 'root'),
})

/** A tree of its own, with files by their path. */
export async function treeOf(t: Test, files: Readonly<Record<string, string | Buffer>>): Promise<HostRoots> {
  const base = t.testdir({ proc: {}, sys: {}, root: {} })
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(base, path)), { recursive: true })
    await writeFile(join(base, path), content)
  }
  return { proc: join(base, 'proc'), sys: join(base, 'sys'), root: join(base, 'root') }
}

/** A program of its own: a script of sh, beside nothing else. */
export async function scriptOf(t: Test, script: string): Promise<string> {
  const path = join(t.testdir({ script: `#!/bin/sh\n${script}\n` }), 'script')
  await chmod(path, 0o755)
  return path
}

export type Values = Readonly<Record<string, number>>

/** Values by series: `name{a="1",b="2"}`, labels in the order of the alphabet. */
export function valuesOf(families: readonly FamilySamples[]): Values {
  return Object.fromEntries(families.flatMap(({ samples }) => samples.map((one) => [seriesName(one), one.value])))
}

export function seriesName({ name, labels }: FamilySamples['samples'][number]): string {
  const pairs = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))
  return pairs.length === 0 ? name : `${name}{${pairs.map(([label, value]) => `${label}="${value}"`).join(',')}}`
}

const never = new AbortController().signal

export const collected = async (collector: HostCollector, signal = never): Promise<Values> =>
  valuesOf(await collector.collect(signal))

/** The part of the values whose series begin so. */
export const only = (values: Values, start: string): Values =>
  Object.fromEntries(Object.entries(values).filter(([name]) => name.startsWith(start)))
