import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type tap from 'tap'
import type { HostRoots } from '../../src/host/collector.ts'

/** A line of mountinfo; `mountpoint` as the kernel escapes it. */
export const lineOf = (
  mountpoint: string,
  more: Partial<Record<'device' | 'fstype' | 'options' | 'superOptions', string>> = {},
) =>
  `30 1 8:1 / ${mountpoint} ${more.options ?? 'rw'} shared:1 - ${more.fstype ?? 'ext4'} ${more.device ?? '/dev/sda1'} ${more.superOptions ?? 'rw'}\n`

/** A host of which only the mounts are known. */
export function hostOf(test: Pick<typeof tap, 'testdir'>, mountinfo: string): HostRoots {
  const proc = join(test.testdir(), 'proc')
  mkdirSync(join(proc, '1'), { recursive: true })
  writeFileSync(join(proc, '1/mountinfo'), mountinfo)
  return { proc, sys: '/nowhere', root: '/' }
}

/** The mounts that were measured. */
export const mountsOf = (series: ReadonlyMap<string, number>): string[] =>
  [...series.keys()].flatMap((key) => {
    const [, json] = /^node_filesystem_size_bytes\{.*mountpoint=("(?:[^"\\]|\\.)*")\}$/.exec(key) ?? []
    return json === undefined ? [] : [String(JSON.parse(json))]
  })
