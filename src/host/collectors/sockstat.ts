import { readFileSync } from 'node:fs'
import { endianness } from 'node:os'
import { type HostCollector, type HostRoots, NoData } from '../collector.ts'
import { fileCollector, numberOf, readOptional, wholeLines, wordsOf } from '../files.ts'

/** `sockstat`: sockets in use by protocol, from /proc/net/sockstat and sockstat6. */

/** AT_PAGESZ of getauxval(3). */
const AUXV_PAGE_SIZE = 6n

export function createSockstatCollector({ proc }: HostRoots): HostCollector {
  let pageSizeBytes: number | undefined
  return fileCollector('sockstat', (set) => {
    const texts = ['sockstat', 'sockstat6'].map((file) => readOptional(`${proc}/net/${file}`))
    if (texts.every((text) => text === undefined)) throw new NoData(`${proc}/net/sockstat is not there`)
    pageSizeBytes ??= readPageSize(`${proc}/self/auxv`)
    for (const line of texts.flatMap((text) => wholeLines(text ?? ''))) {
      const [head = '', ...words] = wordsOf(line)
      const protocol = head.slice(0, -1)
      if (!head.endsWith(':') || !/^\w+$/.test(protocol)) continue
      for (let i = 0; i + 1 < words.length; i += 2) {
        const [state = '', value] = [words[i], numberOf(words[i + 1])]
        if (value === undefined || !/^\w+$/.test(state)) continue
        set.gauge(`node_sockstat_${protocol}_${state}`, `Field ${state} of the ${protocol} sockets.`, value)
        if (state !== 'mem' || pageSizeBytes === undefined) continue
        const help = `Memory that the buffers of ${protocol} sockets take.`
        set.gauge(`node_sockstat_${protocol}_mem_bytes`, help, value * pageSizeBytes)
      }
    }
  })
}

/** The size of a page, in which `mem` is counted: 4 KiB mostly, up to 64 KiB on arm64. Undefined when it cannot be found out. */
function readPageSize(path: string): number | undefined {
  if (endianness() !== 'LE') return undefined
  try {
    const bytes = readFileSync(path)
    for (let at = 0; at + 16 <= bytes.length; at += 16) {
      if (bytes.readBigUInt64LE(at) === AUXV_PAGE_SIZE) return Number(bytes.readBigUInt64LE(at + 8))
    }
  } catch {
    // Without it the memory is told in pages only.
  }
  return undefined
}
