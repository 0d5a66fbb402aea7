import { machine } from 'node:os'
import type { HostCollector, HostRoots } from '../collector.ts'
import { fileCollector, readOptional, readText } from '../files.ts'

/** `uname`: what uname(2) says, from /proc/sys/kernel. */

export function createUnameCollector({ proc }: HostRoots): HostCollector {
  const folder = `${proc}/sys/kernel`
  const read = (file: string): string => readOptional(`${folder}/${file}`)?.trim() ?? ''
  return fileCollector('uname', (set) => {
    set.gauge('node_uname_info', 'Kernel and names of the host; always 1.', 1, {
      domainname: read('domainname'),
      // The file `arch` is there since Linux 6.1.
      machine: read('arch') || machine(),
      nodename: read('hostname'),
      release: readText(`${folder}/osrelease`).trim(),
      sysname: read('ostype'),
      version: read('version'),
    })
  })
}
