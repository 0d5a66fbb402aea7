import { z } from 'zod'
import { ratio } from '../entry-settings.ts'
import { complain } from '../refine.ts'
import { flag } from '../settings.ts'
import { SCHEDULE, schedule } from './schedule.ts'

export const memoryProbe = z
  .strictObject({
    type: z.literal('memory').describe('There is memory left.'),
    ...SCHEDULE,
    degraded: ratio()
      .prefault('80%')
      .describe('Share of the memory in use (not available) above which it is degraded.'),
    unhealthy: ratio().prefault('90%').describe('Share of the memory in use above which it is unhealthy.'),
    swap_degraded: ratio().optional().describe('Share of the swap space in use above which it is degraded.'),
    cgroup: flag()
      .prefault(false)
      .describe(
        "Whether the limit of the agent's own control group (v2) is judged, instead of the memory of the host.",
      ),
  })
  .superRefine((s, context) => {
    if (s.degraded > s.unhealthy) complain(context, 'degraded', 'expected at most what unhealthy is')
  })
  .transform((s) => ({
    type: s.type,
    ...schedule(s),
    degradedRatio: s.degraded,
    unhealthyRatio: s.unhealthy,
    ...(s.swap_degraded !== undefined && { swapDegradedRatio: s.swap_degraded }),
    isOfCgroup: s.cgroup,
  }))

export type MemoryProbeConfig = z.output<typeof memoryProbe>
