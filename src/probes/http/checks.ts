import type { IncomingHttpHeaders } from 'node:http'
import type { HttpProbeConfig } from '../../config/probes/http.ts'
import type { StatusRange } from '../../config/probes/http-checks.ts'
import type { Problem } from '../network/finding.ts'
import { TextPattern } from '../network/text-pattern.ts'
import type { Body } from './body.ts'
import { type CompiledJsonCheck, compileJsonCheck } from './json-checks.ts'

/** What an answer is checked for, compiled once. */

export interface HttpAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Body
}

export interface Checked {
  readonly problems: readonly Problem[]
  /** A pattern was not found, or found where it must not be. */
  readonly hasFailedByRegex: boolean
}

export class HttpChecks {
  readonly #statuses: readonly StatusRange[]
  readonly #headers: readonly (readonly [string, TextPattern])[]
  readonly #wanted: readonly TextPattern[]
  readonly #unwanted: readonly TextPattern[]
  readonly #json: readonly CompiledJsonCheck[]
  readonly #limitBytes: number

  constructor(config: HttpProbeConfig) {
    this.#statuses = config.expectedStatuses
    this.#headers = Object.entries(config.headersMatch).map(([name, source]) => [
      name.toLowerCase(),
      new TextPattern(source),
    ])
    this.#wanted = config.bodyMatches.map((source) => new TextPattern(source))
    this.#unwanted = config.bodyNotMatches.map((source) => new TextPattern(source))
    this.#json = config.json.map(compileJsonCheck)
    this.#limitBytes = config.bodyLimitBytes
  }

  /** Rejects with the reason of `signal` when it aborts. */
  async check({ status, headers, body }: HttpAnswer, signal: AbortSignal): Promise<Checked> {
    const messages: string[] = []
    if (!this.#statuses.some(({ from, to }) => status >= from && status <= to)) {
      messages.push(`answered ${status}, expected ${this.#statuses.map(rangeText).join(', ')}`)
    }
    if (body.trouble !== undefined) messages.push(body.trouble)
    const byRegex = [...this.#headerTroubles(headers)]
    if (body.trouble === undefined && this.#needsBody()) {
      if (body.isCut) messages.push(`the body is longer than the ${this.#limitBytes} bytes of body_limit`)
      else {
        const text = body.bytes.toString('utf8')
        byRegex.push(...(await this.#bodyTroubles(text, signal)))
        messages.push(...this.#jsonTroubles(text))
      }
    }
    const problems = [...messages, ...byRegex].map((message) => ({ status: 'unhealthy', message }) as const)
    return { problems, hasFailedByRegex: byRegex.length > 0 }
  }

  #needsBody(): boolean {
    return this.#wanted.length + this.#unwanted.length + this.#json.length > 0
  }

  *#headerTroubles(headers: IncomingHttpHeaders): Generator<string> {
    for (const [name, pattern] of this.#headers) {
      const value = [headers[name] ?? []].flat().join(', ')
      if (headers[name] === undefined) yield `expected the header ${name}, got none`
      else if (!pattern.matchesStart(value)) yield `expected a header ${name} that matches ${pattern.source}`
    }
  }

  async #bodyTroubles(text: string, signal: AbortSignal): Promise<string[]> {
    const troubles: string[] = []
    for (const pattern of this.#wanted) {
      if (!(await pattern.isIn(text, signal))) troubles.push(`expected ${pattern.source} in the body, it is not there`)
    }
    for (const pattern of this.#unwanted) {
      if (await pattern.isIn(text, signal)) troubles.push(`expected no ${pattern.source} in the body, it is there`)
    }
    return troubles
  }

  #jsonTroubles(text: string): string[] {
    if (this.#json.length === 0) return []
    let json: unknown
    try {
      json = JSON.parse(text)
    } catch {
      // What the parser says quotes the body.
      return ['expected JSON in the body, it is something else']
    }
    return this.#json.flatMap((check) => check(json) ?? [])
  }
}

function rangeText({ from, to }: StatusRange): string {
  if (from === to) return String(from)
  return from % 100 === 0 && to === from + 99 ? `${from / 100}xx` : `${from}-${to}`
}
