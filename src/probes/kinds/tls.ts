import { hostPortText } from '../../config/probes/targets.ts'
import type { TlsProbeConfig } from '../../config/probes/tls.ts'
import type { FamilySamples } from '../../metrics/exposition.ts'
import { FamilySet } from '../../metrics/family-set.ts'
import { addTls, type TlsFacts } from '../network/certificate.ts'
import { addRoute, dial, type NetworkDeps, newRoute, type Route } from '../network/dial.ts'
import { failedFinding, findingOf } from '../network/finding.ts'
import { withOpened } from '../network/opened.ts'
import { farewell, type Secured, secure } from '../network/secure.ts'
import type { Probe, ProbeRun } from '../probe.ts'
import { askForTls } from '../tls/starttls.ts'

/** A handshake is made, and the certificate judged. */
export function createTlsProbe(config: TlsProbeConfig, deps: NetworkDeps): Probe {
  const { address, addressing, starttls, tls } = config

  const handshake = (run: ProbeRun, route: Route): Promise<Secured> =>
    withOpened(run.signal, async (opened) => {
      const socket = await dial(address, { run, opened, addressing, lookup: deps.lookup, route })
      if (starttls) {
        run.phases.enter('starttls')
        await askForTls(starttls, socket)
      }
      const nowMs = deps.clock.nowMs()
      const secured = await secure(socket, { host: address.host, tls, showsCertificate: true, run, opened, nowMs })
      await farewell(secured.socket)
      return secured
    })

  return {
    target: hostPortText(address),
    remoteHost: address.host,
    async run(run) {
      const route = newRoute()
      try {
        const { facts, problem } = await handshake(run, route)
        const fine = `${facts.version}, the certificate is good until ${facts.leaf.validToDate.toISOString().slice(0, 10)}`
        return findingOf(problem ? [problem] : [], { fine, families: familiesOf(route, facts) })
      } catch (error) {
        return failedFinding(error, { run, families: familiesOf(route) })
      }
    },
  }
}

function familiesOf(route: Route, facts?: TlsFacts): readonly FamilySamples[] {
  const set = new FamilySet()
  addRoute(set, route)
  if (facts) addTls(set, facts)
  return set.families()
}
