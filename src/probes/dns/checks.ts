import { isIPv6 } from 'node:net'
import { type DnsProbeConfig, RCODES } from '../../config/probes/dns.ts'
import { oneLine, type Problem } from '../network/finding.ts'
import { TextPattern } from '../network/text-pattern.ts'
import type { DnsAnswer } from './message.ts'

/** What an answer is checked for. */
export class DnsChecks {
  readonly #config: DnsProbeConfig
  readonly #pattern: TextPattern | undefined

  constructor(config: DnsProbeConfig) {
    this.#config = config
    this.#pattern = config.answersMatch === undefined ? undefined : new TextPattern(config.answersMatch)
  }

  problemsOf({ rcode, answers }: DnsAnswer): Problem[] {
    const { expectedRcode, expectedAnswers } = this.#config
    const got = rcodeText(rcode)
    if (got !== expectedRcode) return [unhealthy(`answered ${got}, expected ${expectedRcode}`)]
    const texts = answers.map(({ text }) => text)
    const known = new Set(texts.map(comparable))
    const missing = expectedAnswers.filter((text) => !known.has(comparable(text)))
    const problems: Problem[] = []
    if (missing.length > 0)
      problems.push(unhealthy(`expected ${missing.join(', ')} among the answers, got ${shown(texts)}`))
    const pattern = this.#pattern
    if (pattern && !texts.some((text) => pattern.matchesStart(text))) {
      problems.push(unhealthy(`expected an answer that matches ${pattern.source}, got ${shown(texts)}`))
    }
    return problems
  }
}

export function rcodeText(rcode: number): string {
  return RCODES[rcode] ?? `rcode ${rcode}`
}

/** However the operator wrote it: capitals, last dots, blanks, the long form of an address. */
function comparable(text: string): string {
  if (isIPv6(text)) return new URL(`http://[${text}]/`).hostname.slice(1, -1)
  return text
    .trim()
    .toLowerCase()
    .replace(/\.(?=\s|$)/g, '')
    .replace(/\s+/g, ' ')
}

function shown(texts: readonly string[]): string {
  if (texts.length === 0) return 'none'
  const rest = texts.length > 4 ? ` and ${texts.length - 4} more` : ''
  return oneLine(texts.slice(0, 4).join(', '), 200) + rest
}

const unhealthy = (message: string): Problem => ({ status: 'unhealthy', message })
