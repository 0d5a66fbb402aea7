import { z } from 'zod'
import { mark, text } from '../settings.ts'
import { ADDRESSING, addressing } from './network-settings.ts'
import { SCHEDULE, schedule } from './schedule.ts'

export const icmpProbe = z
  .strictObject({
    type: z.literal('icmp').describe('A host answers to ping.'),
    ...SCHEDULE,
    host: mark(z.string().regex(/^(?:[\w.-]{1,253}|[0-9a-fA-F:.]+(?:%[\w.-]+)?)$/), {
      expected: 'a name or an address, such as db.example, 10.0.0.1 or fd00::1',
    }).describe('Name or address of the host.'),
    program: text()
      .prefault('ping')
      .describe('The ping of iputils or busybox: a name looked for in the usual folders, or a path.'),
    ...ADDRESSING,
  })
  .transform((s) => ({ type: s.type, ...schedule(s), host: s.host, program: s.program, addressing: addressing(s) }))

export type IcmpProbeConfig = z.output<typeof icmpProbe>
