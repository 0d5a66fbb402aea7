import type { FastifyInstance } from 'fastify'
import { acceptedFormat, CONTENT_TYPES } from '../metrics/exposition.ts'
import type { Metrics } from '../metrics.ts'

/** GET /metrics, in the format that Accept asks for. */
export function metricsRoutes(app: FastifyInstance, metrics: Metrics): void {
  app.get('/metrics', async (request, reply) => {
    const format = acceptedFormat(request.headers.accept)
    reply.header('content-type', CONTENT_TYPES[format]).header('vary', 'Accept')
    return metrics.render(format)
  })
}
