import type { HostCollector, HostRoots } from '../collector.ts'
import { fileCollector, numberOf, readLines, wordsOf } from '../files.ts'

/** `filefd`: open files of the whole host. */

export function createFilefdCollector({ proc }: HostRoots): HostCollector {
  return fileCollector('filefd', (set) => {
    // The middle number, handles that are free, is always 0 since Linux 2.6.
    const [allocated, , maximum] = wordsOf(readLines(`${proc}/sys/fs/file-nr`)[0] ?? '').map(numberOf)
    if (allocated === undefined || maximum === undefined) return
    set.gauge('node_filefd_allocated', 'File handles in use on the host.', allocated)
    set.gauge('node_filefd_maximum', 'File handles the host may use at most.', maximum)
  })
}
