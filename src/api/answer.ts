import type { FastifyReply } from 'fastify'

/** The body of every answer that is an error. */
export interface ErrorBody {
  readonly status: 'error'
  readonly errorType: string
  readonly error: string
  /** The parameter that is wrong. */
  readonly field?: string
  /** One line each, where there is more than one thing wrong. */
  readonly problems?: readonly string[]
}

export function sendError(reply: FastifyReply, status: number, body: Omit<ErrorBody, 'status'>): FastifyReply {
  const whole: ErrorBody = { status: 'error', ...body }
  return reply.code(status).type('application/json; charset=utf-8').send(whole)
}
