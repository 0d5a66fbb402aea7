import { type HostCollector, type HostRoots, NoData } from '../collector.ts'
import { fileCollector, readNumber } from '../files.ts'

/** `entropy`: what the kernel's random generator has collected. */

export function createEntropyCollector({ proc }: HostRoots): HostCollector {
  const folder = `${proc}/sys/kernel/random`
  return fileCollector('entropy', (set) => {
    const available = readNumber(`${folder}/entropy_avail`)
    if (available === undefined) throw new NoData(`${folder}/entropy_avail has no number`)
    set.gauge('node_entropy_available_bits', 'Entropy in the pool.', available)
    const size = readNumber(`${folder}/poolsize`)
    if (size !== undefined) set.gauge('node_entropy_pool_size_bits', 'Entropy the pool can hold.', size)
  })
}
