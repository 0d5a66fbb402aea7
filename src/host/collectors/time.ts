import { readdirSync, readFileSync } from 'node:fs'
import type { FamilySet } from '../../metrics/family-set.ts'
import type { Clock } from '../../run/clock.ts'
import type { HostCollector, HostRoots } from '../collector.ts'
import { fileCollector, readOptional, wordsOf } from '../files.ts'
import { zoneNameOf } from '../zone-name.ts'

/** `time`: the clock of the host, its zone and where it comes from. */

export function createTimeCollector({ sys, root }: HostRoots, clock: Clock): HostCollector {
  return fileCollector('time', (set) => {
    const nowMs = clock.nowMs()
    set.gauge('node_time_seconds', 'The time of the host, in seconds since 1970.', nowMs / 1000)
    const offsetSeconds = 0 - new Date(nowMs).getTimezoneOffset() * 60
    const name = zoneName(`${root}/etc/localtime`, offsetSeconds)
    if (name !== undefined) {
      const help = 'How far the local time is ahead of UTC.'
      set.gauge('node_time_zone_offset_seconds', help, offsetSeconds, { time_zone: name })
    }
    addClockSources(set, `${sys}/devices/system/clocksource`)
  })
}

/** A host without a zone file is in UTC. Undefined when the agent's own zone is not that of the host (TZ is set), as no name fits then. */
function zoneName(path: string, offsetSeconds: number): string | undefined {
  try {
    return zoneNameOf(readFileSync(path, 'latin1'), offsetSeconds)
  } catch {
    return offsetSeconds === 0 ? 'UTC' : undefined
  }
}

function addClockSources(set: FamilySet, folder: string): void {
  for (const source of foldersIn(folder)) {
    if (!source.startsWith('clocksource')) continue
    const device = source.slice('clocksource'.length)
    const available = wordsOf(readOptional(`${folder}/${source}/available_clocksource`)?.trim() ?? '')
    const current = wordsOf(readOptional(`${folder}/${source}/current_clocksource`)?.trim() ?? '')
    for (const [names, state] of [
      [available, 'available'],
      [current, 'current'],
    ] as const) {
      const name = `node_time_clocksource_${state}_info`
      for (const clocksource of names) {
        set.gauge(name, `Source of the clock that is ${state}; always 1.`, 1, { clocksource, device })
      }
    }
  }
}

function foldersIn(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}
