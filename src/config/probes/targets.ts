import { z } from 'zod'
import { mark } from '../settings.ts'

/** Where a probe goes, as `agent.yaml` writes it. */

export interface HostPort {
  readonly host: string
  readonly port: number
}

const EXPECTED_HOST_PORT = 'a host and a port, such as db.example:5432, 127.0.0.1:6379 or [::1]:25'

/** Decodes to host (without the brackets of IPv6) and port. */
export const hostPort = () =>
  mark(z.string(), { expected: EXPECTED_HOST_PORT, examples: ['db.example:5432'] }).transform(
    (value, context): HostPort => {
      const [, v6, host, port] = /^(?:\[([0-9a-fA-F:.%]+)\]|([\w.-]{1,253})):(\d{1,5})$/.exec(value) ?? []
      const found = { host: v6 ?? host ?? '', port: Number(port) }
      if (found.host !== '' && found.port >= 1 && found.port <= 65_535) return found
      context.addIssue({ code: 'custom', message: `expected ${EXPECTED_HOST_PORT}` })
      return z.NEVER
    },
  )

export function hostPortText({ host, port }: HostPort): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}
