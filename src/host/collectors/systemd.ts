import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { FamilySamples } from '../../metrics/exposition.ts'
import { FamilySet } from '../../metrics/family-set.ts'
import { type HostCollector, type HostRoots, NoData } from '../collector.ts'
import { Program } from '../programs.ts'

/**
 * Units of systemd and how they are. `systemctl list-units` is one call of D-Bus, whatever the number of units; what only services have (type,
 * restarts) costs a call for each of them, and is asked of services alone.
 */

/** A host with 5,000 units prints half of it. */
const MAX_OUTPUT_BYTES = 2 * 1024 * 1024
const STATES = ['active', 'activating', 'deactivating', 'inactive', 'failed']
const LEFT_OUT = /.\.(automount|device|mount|scope|slice)$/

const LIST = ['list-units', '--all', '--full', '--plain', '--no-legend', '--no-pager']
const SERVICES = ['show', '--all', '--type=service', '--no-pager', '--property=Id,Type,NRestarts', '*']
const MANAGER = ['show', '--no-pager', '--property=Version,SystemState']

export interface SystemdOptions {
  /** `systemctl`, or the path of what stands in for it. */
  readonly program?: string
}

export function createSystemdCollector({ root }: HostRoots, options: SystemdOptions = {}): HostCollector {
  const program = new Program({ path: options.program ?? 'systemctl', maxOutputBytes: MAX_OUTPUT_BYTES })
  const ask = async (args: readonly string[], signal: AbortSignal): Promise<string> => {
    const outcome = await program.run(args, signal)
    if (outcome.kind === 'missing') throw new NoData('no systemctl')
    if (outcome.kind === 'failed') throw new Error(`Cannot ask systemctl: ${outcome.reason}`)
    if (outcome.code === 0) return outcome.output
    throw new Error(`Cannot ask systemctl: ${outcome.complaint.slice(0, 200) || `it ended with ${outcome.code}`}`)
  }
  return {
    name: 'systemd',
    everyMs: 60_000,
    collect: async (signal) => {
      if (!existsSync(join(root, 'run/systemd/system'))) throw new NoData('systemd does not run this host')
      const units = parseUnits(await ask(LIST, signal))
      if (units.length === 0) throw new Error('Cannot ask systemctl: it lists no units')
      const services = parseBlocks(await ask(SERVICES, signal))
      const manager = parseBlocks(await ask(MANAGER, signal))[0]
      return families({ units, services, manager })
    },
  }
}

interface Unit {
  readonly name: string
  readonly load: string
  readonly active: string
}

/** `name load active sub description…`, a unit a line; lines of another form are left out. */
export function parseUnits(text: string): Unit[] {
  const lines = text.matchAll(/^ *(?:[●○×*] *)?(\S+\.[a-z]+) +([a-z-]+) +([a-z-]+) +[a-z-]+/gm)
  return Array.from(lines, ([, name = '', load = '', active = '']) => ({ name, load, active }))
}

type Properties = ReadonlyMap<string, string>

/** `Name=value` lines, with an empty line from one unit to the next. */
export function parseBlocks(text: string): Properties[] {
  const blocks = text.split(/\n{2,}/).filter((block) => block.trim() !== '')
  return blocks.map(
    (block) => new Map(Array.from(block.matchAll(/^(\w+)=(.*)$/gm), ([, name = '', value = '']) => [name, value])),
  )
}

interface Answers {
  readonly units: readonly Unit[]
  readonly services: readonly Properties[]
  readonly manager: Properties | undefined
}

function families({ units, services, manager }: Answers): readonly FamilySamples[] {
  const set = new FamilySet()
  const byId = new Map(services.map((service) => [service.get('Id') ?? '', service]))
  for (const { name, active } of units.filter(isShown)) {
    const type = byId.get(name)?.get('Type') ?? ''
    for (const state of STATES) {
      const value = state === active ? 1 : 0
      set.gauge('node_systemd_unit_state', '1 for the state the unit is in.', value, { name, state, type })
    }
  }
  for (const { name } of units.filter(isShown)) {
    const restarts = byId.get(name)?.get('NRestarts')
    if (restarts === undefined || !/^\d+$/.test(restarts)) continue
    const help = 'Restarts of the service by systemd since it was started.'
    set.counter('node_systemd_service_restart_total', help, Number(restarts), { name })
  }
  for (const state of new Set([...STATES, ...units.map(({ active }) => active)])) {
    const count = units.filter(({ active }) => active === state).length
    set.gauge('node_systemd_units', 'Units by the state they are in, of every type.', count, { state })
  }
  const system = manager?.get('SystemState')
  if (system)
    set.gauge(
      'node_systemd_system_running',
      '1 when systemd says running; 0 when degraded, starting, stopping.',
      system === 'running' ? 1 : 0,
    )
  const version = manager?.get('Version') ?? ''
  const number = /\d{3,}(\.\d+)?/.exec(version)?.[0]
  if (number) set.gauge('node_systemd_version', 'Version of systemd.', Number(number), { version })
  return set.families()
}

const isShown = ({ name, load }: Unit): boolean => load === 'loaded' && !LEFT_OUT.test(name)
