import { connect, type Socket } from 'node:net'
import type { HostPort } from '../../config/probes/targets.ts'
import type { FamilySet } from '../../metrics/family-set.ts'
import { isLinkLocal } from '../../net/link-local.ts'
import type { Address, LookupHost } from '../../net/lookup.ts'
import type { Clock } from '../../run/clock.ts'
import type { ProbeRun } from '../probe.ts'
import { troubleText } from './finding.ts'
import type { Opened } from './opened.ts'

/** Name to address to connection, for every kind of probe that goes over the network. */

export interface NetworkDeps {
  readonly clock: Pick<Clock, 'nowMs'>
  readonly lookup: LookupHost
}

export interface Addressing {
  /** `auto`: getaddrinfo's first address, and the first of the other family when that does not work. */
  readonly ipProtocol: 'auto' | 4 | 6
  readonly allowsLinkLocal: boolean
}

/** What is known of the way there, also when it ended early. */
export interface Route {
  lookupSeconds: number
  /** Of the address that was tried last; 0 while there is none. */
  family: 0 | 4 | 6
}

export const newRoute = (): Route => ({ lookupSeconds: 0, family: 0 })

export interface Way {
  readonly run: ProbeRun
  readonly addressing: Addressing
  readonly lookup: LookupHost
  readonly route: Route
}

/** One address, or one of each family. @throws {Error} when there is none, or one is link-local. */
export async function addressesOf(host: string, { run, addressing, lookup, route }: Way): Promise<readonly Address[]> {
  run.phases.enter('resolve')
  const { ipProtocol, allowsLinkLocal } = addressing
  const options = { signal: run.signal, ...(ipProtocol !== 'auto' && { family: ipProtocol }) }
  try {
    const [first, ...others] = await lookup(host, options)
    if (!first) throw new Error(`the name ${host} has no address`)
    route.family = first.family
    const second = others.find(({ family }) => family !== first.family)
    const chosen = second ? [first, second] : [first]
    for (const { address } of chosen) {
      if (!allowsLinkLocal && isLinkLocal(address)) {
        throw new Error(
          `${nameAndAddress(host, address)} is link-local, which is not probed unless allow_link_local is true`,
        )
      }
    }
    return chosen
  } finally {
    route.lookupSeconds = run.phases.seconds().get('resolve') ?? 0
  }
}

/** A connection to an address of the host. Whoever calls enters the phase after it. */
export async function dial({ host, port }: HostPort, way: Way & { readonly opened: Opened }): Promise<Socket> {
  const addresses = await addressesOf(host, way)
  way.run.phases.enter('connect')
  const troubles: string[] = []
  for (const { address, family } of addresses) {
    way.route.family = family
    try {
      return await connected({ host: address, port }, way.opened)
    } catch (error) {
      troubles.push(`${troubleText(error)} at ${address.includes(':') ? `[${address}]` : address}:${port}`)
    }
  }
  throw new Error(troubles.join(', '))
}

/** `host`: an address; node asks no name server then, so what was checked is what is connected to. */
function connected({ host, port }: HostPort, opened: Opened): Promise<Socket> {
  const socket = connect({ host, port, noDelay: true })
  opened.add({ close: () => socket.destroy() })
  // A reset may come at any time later, when whoever reads has stopped listening.
  socket.on('error', () => {})
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve(socket))
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('connection closed')))
  })
}

export function addRoute(set: FamilySet, route: Route): void {
  set.gauge('probe_dns_lookup_time_seconds', 'Seconds that finding the address took.', route.lookupSeconds)
  set.gauge('probe_ip_protocol', 'Version of IP that was used: 4 or 6.', route.family)
}

export function addPhases(
  set: FamilySet,
  { family, names, run }: { family: string; names: readonly string[]; run: ProbeRun },
): void {
  const seconds = run.phases.seconds()
  for (const phase of names) set.gauge(family, 'Seconds spent in each phase.', seconds.get(phase) ?? 0, { phase })
}

function nameAndAddress(host: string, address: string): string {
  return host === address ? address : `${host} (${address})`
}
