import { randomInt } from 'node:crypto'
import { getServers } from 'node:dns'
import type { DnsProbeConfig } from '../../config/probes/dns.ts'
import { type HostPort, hostPortText } from '../../config/probes/targets.ts'
import type { FamilySamples } from '../../metrics/exposition.ts'
import { FamilySet } from '../../metrics/family-set.ts'
import { DnsChecks, rcodeText } from '../dns/checks.ts'
import type { DnsAnswer, Question } from '../dns/message.ts'
import { reverseName } from '../dns/names.ts'
import { soaSerial, TYPE_NUMBERS } from '../dns/records.ts'
import { askTcp, askUdp } from '../dns/transport.ts'
import { addPhases, addRoute, addressesOf, dial, type NetworkDeps, newRoute, type Route } from '../network/dial.ts'
import { failedFinding, findingOf } from '../network/finding.ts'
import { type Opened, withOpened } from '../network/opened.ts'
import type { Probe, ProbeRun } from '../probe.ts'

/** One question to one name server. Messages are written and read here, since node's resolver tells neither counts nor response codes. */
export function createDnsProbe(config: DnsProbeConfig, deps: NetworkDeps): Probe {
  const server = config.server ?? systemServer()
  const name = reverseName(config.queryName)
  const checks = new DnsChecks(config)
  const { addressing, queryType } = config

  async function ask({ run, opened, route }: { run: ProbeRun; opened: Opened; route: Route }): Promise<DnsAnswer> {
    const question: Question = { id: randomInt(0x10000), name, type: queryType }
    const way = { run, opened, route, addressing, lookup: deps.lookup }
    if (config.transport === 'udp') {
      const answer = await askByUdp(question, way)
      if (!answer.isTruncated) return answer
    }
    const socket = await dial(server, way)
    run.phases.enter('request')
    return await askTcp(question, socket)
  }

  /** A server that refuses is told at once; one that is silent may have lost the datagram, which is for the next run to find out. */
  async function askByUdp(
    question: Question,
    way: Parameters<typeof addressesOf>[1] & { opened: Opened },
  ): Promise<DnsAnswer> {
    const [first] = await addressesOf(server.host, way)
    way.run.phases.enter('connect')
    const onConnected = (): void => way.run.phases.enter('request')
    return await askUdp(question, {
      server: { ...server, host: first?.address ?? server.host },
      opened: way.opened,
      onConnected,
    })
  }

  return {
    target: hostPortText(server),
    remoteHost: server.host,
    async run(run) {
      const route = newRoute()
      try {
        const answer = await withOpened(run.signal, (opened) => ask({ run, opened, route }))
        const fine = `answered ${rcodeText(answer.rcode)} with ${answer.answers.length} answers`
        return findingOf(checks.problemsOf(answer), { fine, families: familiesOf({ run, route, queryType, answer }) })
      } catch (error) {
        return failedFinding(error, { run, families: familiesOf({ run, route, queryType }) })
      }
    },
  }
}

/** The first of resolv.conf; without a port it is 53. */
function systemServer(): HostPort {
  const [first = '127.0.0.1'] = getServers()
  const [, v6, v6Port, host, port] = /^(?:\[(.+)\]:(\d+)|([^:]+)(?::(\d+))?)$/.exec(first) ?? []
  return { host: v6 ?? host ?? first, port: Number(v6Port ?? port ?? 53) }
}

interface Known {
  readonly run: ProbeRun
  readonly route: Route
  readonly queryType: string
  readonly answer?: DnsAnswer
}

function familiesOf({ run, route, queryType, answer }: Known): readonly FamilySamples[] {
  const set = new FamilySet()
  addRoute(set, route)
  addPhases(set, { family: 'probe_dns_duration_seconds', names: ['resolve', 'connect', 'request'], run })
  set.gauge('probe_dns_query_succeeded', 'Whether there was an answer.', answer ? 1 : 0)
  set.gauge('probe_dns_answer_rrs', 'Records in the answer section.', answer?.answers.length ?? 0)
  set.gauge('probe_dns_authority_rrs', 'Records in the authority section.', answer?.authorityCount ?? 0)
  set.gauge('probe_dns_additional_rrs', 'Records in the additional section.', answer?.additionalCount ?? 0)
  const soa = queryType === 'SOA' ? answer?.answers.find(({ type }) => type === TYPE_NUMBERS.SOA) : undefined
  if (soa) set.gauge('probe_dns_serial', 'Serial of the zone.', soaSerial(soa.text))
  return set.families()
}
