import type { IncomingMessage } from 'node:http'
import type { FamilySamples } from '../../metrics/exposition.ts'
import { FamilySet } from '../../metrics/family-set.ts'
import { addTls, type TlsFacts } from '../network/certificate.ts'
import { addPhases, addRoute, newRoute, type Route } from '../network/dial.ts'
import type { ProbeRun } from '../probe.ts'

const PHASES = ['resolve', 'connect', 'tls', 'processing', 'transfer']

/** What a run has seen so far; zero stands for what it has not, as in blackbox_exporter. */
export class HttpFacts {
  readonly route: Route = newRoute()
  tls: TlsFacts | undefined
  redirectCount = 0
  hasFailedByRegex = false
  #isTls = false
  #status = 0
  #version = 0
  #contentLength = 0
  #bodyBytes = 0
  #lastModifiedMs = Number.NaN

  /** The head of an answer, the last one being what counts. */
  see(answer: IncomingMessage, { isTls, hasBody }: { isTls: boolean; hasBody: boolean }): void {
    this.#isTls = isTls
    this.#status = answer.statusCode ?? 0
    this.#version = Number(answer.httpVersion)
    const length = answer.headers['content-length']
    this.#contentLength = length === undefined ? (hasBody ? -1 : 0) : Number(length)
    this.#lastModifiedMs = Date.parse(answer.headers['last-modified'] ?? '')
  }

  seeBody(bytes: number): void {
    this.#bodyBytes = bytes
  }

  families(run: ProbeRun): readonly FamilySamples[] {
    const set = new FamilySet()
    addRoute(set, this.route)
    addPhases(set, { family: 'probe_http_duration_seconds', names: PHASES, run })
    set.gauge('probe_http_status_code', 'Status of the last answer.', this.#status)
    set.gauge('probe_http_version', 'Version of HTTP of the last answer.', this.#version)
    set.gauge('probe_http_ssl', 'Whether the last answer came over TLS.', this.#isTls ? 1 : 0)
    set.gauge('probe_http_redirects', 'Redirects that were answered.', this.redirectCount)
    set.gauge('probe_http_content_length', 'Length that the answer names; -1: none.', this.#contentLength)
    set.gauge('probe_http_uncompressed_body_length', 'Bytes of the unpacked body that were read.', this.#bodyBytes)
    set.gauge('probe_failed_due_to_regex', 'Whether a pattern made it fail.', this.hasFailedByRegex ? 1 : 0)
    if (!Number.isNaN(this.#lastModifiedMs)) {
      const help = 'Last-Modified of the last answer, seconds since 1970.'
      set.gauge('probe_http_last_modified_timestamp_seconds', help, this.#lastModifiedMs / 1000)
    }
    if (this.tls) addTls(set, this.tls)
    return set.families()
  }
}
