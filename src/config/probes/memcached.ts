import { z } from 'zod'
import { duration } from '../settings.ts'
import { SCHEDULE, schedule } from './schedule.ts'
import { hostPort } from './targets.ts'

export const memcachedProbe = z
  .strictObject({
    type: z.literal('memcached').describe('memcached tells its version, in the text protocol.'),
    ...SCHEDULE,
    address: hostPort().describe('host:port of the server.'),
    max_latency: duration({ min: '1ms', max: '5m' })
      .optional()
      .describe('Degraded when connecting and asking took longer than this together.'),
  })
  .transform((s) => ({
    type: s.type,
    ...schedule(s),
    address: s.address,
    ...(s.max_latency !== undefined && { maxLatencyMs: s.max_latency }),
  }))

export type MemcachedProbeConfig = z.output<typeof memcachedProbe>
