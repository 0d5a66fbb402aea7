import { hostPortText } from '../../config/probes/targets.ts'
import type { TcpProbeConfig } from '../../config/probes/tcp.ts'
import type { FamilySamples } from '../../metrics/exposition.ts'
import { FamilySet } from '../../metrics/family-set.ts'
import { addTls, type TlsFacts } from '../network/certificate.ts'
import { addRoute, dial, type NetworkDeps, newRoute } from '../network/dial.ts'
import { failedFinding, findingOf, type Problem } from '../network/finding.ts'
import { type Opened, withOpened } from '../network/opened.ts'
import { farewell, secure } from '../network/secure.ts'
import type { Probe, ProbeRun } from '../probe.ts'
import { compileSteps, converse } from '../tcp/conversation.ts'

/** A connection is made, TLS is put on it if asked for, and the steps are gone through. */
export function createTcpProbe(config: TcpProbeConfig, deps: NetworkDeps): Probe {
  const steps = compileSteps(config.steps)
  return {
    target: hostPortText(config.address),
    remoteHost: config.address.host,
    async run(run) {
      const seen = new Seen()
      try {
        await withOpened(run.signal, (opened) => visit({ run, opened, seen }))
      } catch (error) {
        return failedFinding(error, { run, families: seen.families() })
      }
      const fine = steps.length > 0 ? 'answered as expected' : 'takes connections'
      return findingOf(seen.problems, { fine, families: seen.families() })
    },
  }

  async function visit({ run, opened, seen }: { run: ProbeRun; opened: Opened; seen: Seen }): Promise<void> {
    const { address, addressing, tls } = config
    let socket = await dial(address, { run, opened, addressing, lookup: deps.lookup, route: seen.route })
    if (tls) {
      const nowMs = deps.clock.nowMs()
      const secured = await secure(socket, { host: address.host, tls, showsCertificate: true, run, opened, nowMs })
      seen.tls = secured.facts
      if (secured.problem) seen.problems.push(secured.problem)
      if (!secured.isVerified) return
      socket = secured.socket
    }
    run.phases.enter('talk')
    const outcome = await converse(socket, steps)
    if (tls) await farewell(socket)
    if (outcome.kind === 'ok') return
    seen.hasFailedByRegex = true
    seen.problems.push({ status: 'unhealthy', message: outcome.message })
  }
}

class Seen {
  readonly route = newRoute()
  readonly problems: Problem[] = []
  tls: TlsFacts | undefined
  hasFailedByRegex = false

  families(): readonly FamilySamples[] {
    const set = new FamilySet()
    addRoute(set, this.route)
    set.gauge('probe_failed_due_to_regex', 'Whether a pattern made it fail.', this.hasFailedByRegex ? 1 : 0)
    if (this.tls) addTls(set, this.tls)
    return set.families()
  }
}
