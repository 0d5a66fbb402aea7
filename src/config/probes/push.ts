import { z } from 'zod'
import { duration, token, withFile } from '../settings.ts'
import { SCHEDULE, schedule } from './schedule.ts'

export const pushProbe = z
  .strictObject({
    type: z
      .literal('push')
      .describe('A job calls the agent (POST /api/v1/probes/<name>/push); it is unhealthy when the calls stay away.'),
    ...SCHEDULE,
    max_silence: duration({ min: '1s' })
      .optional()
      .describe('Longest from one call to the next; default: twice the interval.'),
    ...withFile('token', token().optional().describe('Bearer token that callers must send.')),
  })
  .transform((s) => ({
    type: s.type,
    ...schedule(s),
    maxSilenceMs: s.max_silence ?? 2 * s.interval,
    ...(s.token && { token: s.token }),
  }))

export type PushProbeConfig = z.output<typeof pushProbe>
