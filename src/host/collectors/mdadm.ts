import { join } from 'node:path'
import { FamilySet } from '../../metrics/family-set.ts'
import { type HostCollector, type HostRoots, NoData } from '../collector.ts'
import { textOf } from '../sysfs.ts'

/** Arrays of disks made by md, out of /proc/mdstat: drivers/md/md.c, md_seq_show. */
export const createMdadmCollector = ({ proc }: HostRoots): HostCollector => ({
  name: 'mdadm',
  collect: () => {
    const text = textOf(join(proc, 'mdstat'))
    if (text === undefined) throw new NoData('no md driver')
    if (!text.startsWith('Personalities'))
      throw new Error('Cannot read mdstat: expected it to begin with Personalities')
    const set = new FamilySet()
    for (const array of parseMdstat(text)) addArray(set, array)
    return set.families()
  },
})

/** What an array does; a running one that recovers, resyncs, checks or reshapes is not also `active`. */
const STATES = ['active', 'inactive', 'recovering', 'resync', 'check', 'reshape'] as const
type State = (typeof STATES)[number]

export interface MdArray {
  readonly device: string
  readonly state: State
  /** Disks by what they do. `down`: a place in the array with no disk in it that works. */
  readonly disks: Readonly<Record<'active' | 'failed' | 'spare' | 'down', number>>
  /** Disks the whole array has. */
  readonly required: number
  /** Blocks of 1 KiB; undefined when the line for it is not there. */
  readonly blocks?: number
  /** Of them, those in sync; while it waits for its turn, none. */
  readonly synced?: number
}

/** The arrays of the text. Never throws: of an array in a form that is not known, what is known is told. */
export function parseMdstat(text: string): MdArray[] {
  const arrays: MdArray[] = []
  // An array is a line of its own, and below it lines that are indented.
  for (const [, device = '', head = '', rest = ''] of text.matchAll(/^(\S+) : (.*)\n?((?:[ \t]+\S.*(?:\n|$))*)/gm)) {
    if (device !== 'Personalities') arrays.push(parseArray(device, head, rest))
  }
  return arrays
}

function parseArray(device: string, head: string, rest: string): MdArray {
  const status = /^\s*(\d+) blocks\b.*/.exec(rest)
  const blocks = status?.[1] === undefined ? undefined : Number(status[1])
  const work = /\b(recovery|resync|check|reshape)\s*=\s*(.*)/.exec(rest)
  const state = work ? STATE_OF[work[1] ?? ''] : undefined
  const done = work ? /\((\d+)\/\d+\)/.exec(work[2] ?? '')?.[1] : undefined
  const synced = work ? Number(done ?? 0) : blocks
  return {
    device,
    state: state ?? (head.startsWith('active') ? 'active' : 'inactive'),
    ...places(head, status?.[0] ?? ''),
    ...(blocks !== undefined && { blocks }),
    ...(synced !== undefined && { synced }),
  }
}

const STATE_OF: Readonly<Record<string, State>> = {
  recovery: 'recovering',
  resync: 'resync',
  check: 'check',
  reshape: 'reshape',
}

/** `[3/2] [UU_]`: three places, two of them filled; each U is a disk that works. Arrays without redundancy do not say: all of theirs work. */
function places(head: string, status: string): Pick<MdArray, 'disks' | 'required'> {
  const failed = occurrences(head, '(F)')
  const spare = occurrences(head, '(S)')
  const counts = /\[(\d+)\/(\d+)\]\s+\[([U_]+)\]/.exec(status)
  if (counts) {
    const [, required, active, map = ''] = counts
    return { disks: { active: Number(active), failed, spare, down: occurrences(map, '_') }, required: Number(required) }
  }
  const members = /^active\b.*\b(raid0|linear)\b/.test(head) ? occurrences(head, '[') : 0
  return { disks: { active: members, failed, spare, down: 0 }, required: members }
}

const occurrences = (text: string, part: string): number => text.split(part).length - 1

function addArray(set: FamilySet, { device, state, disks, required, blocks, synced }: MdArray): void {
  for (const [kind, count] of Object.entries(disks)) {
    set.gauge('node_md_disks', 'Disks of the array, by what they do.', count, { device, state: kind })
  }
  set.gauge('node_md_disks_required', 'Disks that the whole array has.', required, { device })
  for (const one of STATES) {
    set.gauge('node_md_state', '1 for what the array does.', one === state ? 1 : 0, { device, state: one })
  }
  if (blocks !== undefined) set.gauge('node_md_blocks', 'Blocks of 1 KiB in the array.', blocks, { device })
  if (synced !== undefined) set.gauge('node_md_blocks_synced', 'Blocks that are in sync.', synced, { device })
}
