import type { FastifyInstance } from 'fastify'
import { sendError } from './answer.ts'

export type Readiness = { readonly kind: 'ready' } | { readonly kind: 'not_ready'; readonly reason: string }

export type ReloadOutcome = { readonly kind: 'ok' } | { readonly kind: 'bad'; readonly problems: readonly string[] }

export interface LifecycleDeps {
  /** Configuration loaded, stores open, sources started. */
  readonly readiness: () => Readiness
  /** Reads the configuration again; `bad` leaves everything as it was. */
  readonly reload: () => Promise<ReloadOutcome>
}

/** What supervisors ask: is it alive, may it be counted on, take the new configuration. */
export function lifecycleRoutes(app: FastifyInstance, { readiness, reload }: LifecycleDeps): void {
  // Open without the token: a 401 would tell a caller just as well that the agent lives, and liveness probes hold no secrets.
  app.get('/-/healthy', { config: { isOpen: true } }, () => ({ status: 'alive' }))

  app.get('/-/ready', (_, reply) => {
    const state = readiness()
    if (state.kind === 'ready') return { status: 'ready' }
    return sendError(reply, 503, { errorType: 'unavailable', error: `Not ready: ${state.reason}` })
  })

  app.post('/-/reload', async (_, reply) => {
    const outcome = await reload()
    if (outcome.kind === 'ok') return { status: 'success' }
    const error = 'Cannot reload: the configuration is wrong; the one before it stays in use'
    return sendError(reply, 400, { errorType: 'bad_config', error, problems: outcome.problems })
  })
}
