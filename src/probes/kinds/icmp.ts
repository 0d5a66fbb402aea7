import type { IcmpProbeConfig } from '../../config/probes/icmp.ts'
import { codeOf } from '../../errors.ts'
import type { FamilySamples } from '../../metrics/exposition.ts'
import { FamilySet } from '../../metrics/family-set.ts'
import { ping } from '../icmp/ping.ts'
import { parseComplaint, parseReply, type Reply } from '../icmp/ping-output.ts'
import { addRoute, addressesOf, type NetworkDeps, newRoute } from '../network/dial.ts'
import { failedFinding, findingOf, oneLine, type Problem } from '../network/finding.ts'
import { type Opened, withOpened } from '../network/opened.ts'
import type { Probe, ProbeRun } from '../probe.ts'

/** Node has no raw sockets, and ping has the rights to use them; one packet of it is sent. */
export function createIcmpProbe(config: IcmpProbeConfig, deps: NetworkDeps): Probe {
  return {
    target: config.host,
    remoteHost: config.host,
    async run(run) {
      const seen = new Seen()
      try {
        await withOpened(run.signal, (opened) => sendOne({ run, opened, seen }))
      } catch (error) {
        if (!run.signal.aborted && isMissing(error)) seen.problems.push(missing(config.program))
        else return failedFinding(error, { run, families: seen.families(run) })
      }
      const fine = `reply in ${((seen.reply?.rttSeconds ?? 0) * 1000).toFixed(2)} ms`
      return findingOf(seen.problems, { fine, families: seen.families(run) })
    },
  }

  async function sendOne({ run, opened, seen }: { run: ProbeRun; opened: Opened; seen: Seen }): Promise<void> {
    const { host, addressing, program, timeoutMs } = config
    const [first] = await addressesOf(host, { run, addressing, lookup: deps.lookup, route: seen.route })
    const address = first?.address ?? host
    run.phases.enter('setup')
    const waitSeconds = Math.max(1, Math.ceil(timeoutMs / 1000))
    const onStarted = (): void => run.phases.enter('rtt')
    const { code, output, errors } = await ping({ program, address, waitSeconds }, { opened, onStarted })
    seen.reply = code === 0 ? parseReply(output) : undefined
    if (seen.reply) return
    const complaint = parseComplaint(output, errors)
    const why = complaint ? `: ${oneLine(complaint.text, 120)}` : ''
    const status = complaint?.isForbidden === true ? 'unknown' : 'unhealthy'
    seen.problems.push({ status, message: `no reply from ${address}${why}` })
  }
}

class Seen {
  readonly route = newRoute()
  readonly problems: Problem[] = []
  reply: Reply | undefined

  /** ping itself measures the round trip; what the program took beyond it was setting up. */
  families(run: ProbeRun): readonly FamilySamples[] {
    const set = new FamilySet()
    addRoute(set, this.route)
    const seconds = run.phases.seconds()
    const running = (seconds.get('setup') ?? 0) + (seconds.get('rtt') ?? 0)
    const rtt = this.reply?.rttSeconds ?? 0
    const phases = { resolve: this.route.lookupSeconds, setup: Math.max(0, running - rtt), rtt }
    for (const [phase, value] of Object.entries(phases)) {
      set.gauge('probe_icmp_duration_seconds', 'Seconds spent in each phase.', value, { phase })
    }
    if (this.reply?.hopLimit !== undefined) {
      set.gauge('probe_icmp_reply_hop_limit', 'Hop limit (IPv4: TTL) of the reply.', this.reply.hopLimit)
    }
    return set.families()
  }
}

const isMissing = (error: unknown): boolean => codeOf(error) === 'ENOENT' || codeOf(error) === 'EACCES'

function missing(program: string): Problem {
  const message = `${program} cannot be started; install iputils-ping (Debian, Ubuntu) or iputils (Fedora, Alpine, Arch)`
  return { status: 'unknown', message }
}
