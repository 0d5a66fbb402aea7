import type { IncomingMessage } from 'node:http'
import type { HttpProbeConfig } from '../../config/probes/http.ts'
import { type Body, readBody } from '../http/body.ts'
import { HttpChecks } from '../http/checks.ts'
import { connectionFor, hostPortOf } from '../http/connection.ts'
import { canHaveBody, exchange } from '../http/exchange.ts'
import { HttpFacts } from '../http/facts.ts'
import { firstRequest, type ProbeRequest, redirectOf } from '../http/request.ts'
import type { NetworkDeps } from '../network/dial.ts'
import { failedFinding, findingOf, type Problem } from '../network/finding.ts'
import { type Opened, withOpened } from '../network/opened.ts'
import type { Finding, Probe, ProbeRun } from '../probe.ts'

/** A request, and those its redirects lead to, each over a connection of its own; then the checks of the last answer. */

export function createHttpProbe(config: HttpProbeConfig, deps: NetworkDeps): Probe {
  return new HttpProbe(config, deps)
}

const MAX_REDIRECTS = 10

interface Seen {
  readonly problems: Problem[]
  /** The answer that counts; none when a problem ended it before. */
  readonly last?: { readonly answer: IncomingMessage; readonly body: Body }
}

interface Going {
  readonly run: ProbeRun
  readonly opened: Opened
  readonly facts: HttpFacts
}

class HttpProbe implements Probe {
  readonly target: string
  readonly remoteHost: string
  readonly #config: HttpProbeConfig
  readonly #deps: NetworkDeps
  readonly #checks: HttpChecks

  constructor(config: HttpProbeConfig, deps: NetworkDeps) {
    const url = new URL(config.url)
    this.target = config.urlFile === undefined ? url.origin + url.pathname : url.origin
    this.remoteHost = hostPortOf(config.proxy ? new URL(config.proxy.url) : url).host
    this.#config = config
    this.#deps = deps
    this.#checks = new HttpChecks(config)
  }

  async run(run: ProbeRun): Promise<Finding> {
    const facts = new HttpFacts()
    try {
      return await withOpened(run.signal, (opened) => this.#judged({ run, opened, facts }))
    } catch (error) {
      return failedFinding(error, { run, families: facts.families(run) })
    }
  }

  async #judged(going: Going): Promise<Finding> {
    const { run, facts } = going
    const { problems, last } = await this.#fetch(going)
    const tookMs = 1000 * [...run.phases.seconds().values()].reduce((sum, one) => sum + one, 0)
    const { maxLatencyMs } = this.#config
    if (last) {
      const { statusCode = 0, headers } = last.answer
      const checked = await this.#checks.check({ status: statusCode, headers, body: last.body }, run.signal)
      facts.seeBody(last.body.bytes.length)
      facts.hasFailedByRegex = checked.hasFailedByRegex
      problems.push(...checked.problems)
      if (maxLatencyMs !== undefined && tookMs > maxLatencyMs) {
        problems.push({
          status: 'degraded',
          message: `answered in ${Math.round(tookMs)} ms, expected at most ${maxLatencyMs} ms`,
        })
      }
    }
    const fine = `answered ${last?.answer.statusCode} in ${Math.round(tookMs)} ms`
    return findingOf(problems, { fine, families: facts.families(run) })
  }

  async #fetch(going: Going): Promise<Seen> {
    const { facts } = going
    let request = firstRequest(this.#config)
    const problems: Problem[] = []
    for (;;) {
      const { answer, problem, body } = await this.#fetchOne(request, going)
      if (problem) problems.push(problem)
      if (!answer || !body) return { problems }
      const { statusCode = 0, headers } = answer
      const redirect = redirectOf(request, { status: statusCode, location: headers.location })
      if (!this.#config.followsRedirects || redirect.kind === 'none') return { problems, last: { answer, body } }
      facts.redirectCount += 1
      const isTooMany = facts.redirectCount > MAX_REDIRECTS
      if (redirect.kind === 'refuse' || isTooMany) {
        const message = redirect.kind === 'refuse' ? redirect.message : `it redirects more than ${MAX_REDIRECTS} times`
        return { problems: [...problems, { status: 'unhealthy', message }] }
      }
      request = redirect.request
    }
  }

  async #fetchOne(
    request: ProbeRequest,
    { run, opened, facts }: Going,
  ): Promise<{ answer?: IncomingMessage; body?: Body; problem?: Problem }> {
    const config = this.#config
    const { route } = facts
    const way = {
      run,
      opened,
      route,
      addressing: config.addressing,
      lookup: this.#deps.lookup,
      nowMs: this.#deps.clock.nowMs(),
    }
    const connection = await connectionFor(request, { config, way })
    facts.tls = connection.facts
    const problem = connection.problem && { problem: connection.problem }
    if (!connection.isVerified) return { ...problem }
    run.phases.enter('processing')
    const answer = await exchange(request, { connection, compression: config.compression })
    run.phases.enter('transfer')
    const hasBody = canHaveBody(request.method, answer.statusCode)
    facts.see(answer, { isTls: request.url.protocol === 'https:', hasBody })
    const body = await readBody(answer, { hasBody, limitBytes: config.bodyLimitBytes })
    run.signal.throwIfAborted()
    connection.socket.destroy()
    return { answer, body, ...problem }
  }
}
