import { z } from 'zod'
import { choice, mark } from '../settings.ts'
import { SCHEDULE, schedule } from './schedule.ts'

/** As systemd.unit(5) spells names; with an @ it is an instance of a template. Not beginning with -, which would be an option of systemctl. */
const unitName = () =>
  mark(z.string().regex(/^[A-Za-z0-9:_.@\\][A-Za-z0-9:_.@\\-]{0,254}$/), {
    expected: 'the name of a unit, such as nginx.service or backup@daily.timer',
  })

export const systemdProbe = z
  .strictObject({
    type: z.literal('systemd').describe('A unit of systemd is in the state it should be in.'),
    ...SCHEDULE,
    unit: unitName().describe('Name of the unit; without a suffix, that of a service.'),
    expect: choice(['active', 'inactive'])
      .prefault('active')
      .describe('State in which it is healthy. inactive: it has stopped, without a failure.'),
  })
  .transform((s) => ({ type: s.type, ...schedule(s), unit: s.unit, expected: s.expect }))

export type SystemdProbeConfig = z.output<typeof systemdProbe>
