import { z } from 'zod'
import { databaseSettings, databaseTarget, refineDatabase } from './database-settings.ts'
import { SCHEDULE, schedule } from './schedule.ts'

const PORT = 3306

export const mysqlProbe = z
  .strictObject({
    type: z.literal('mysql').describe('MySQL or MariaDB takes a session and answers a query.'),
    ...SCHEDULE,
    ...databaseSettings({
      schemes: ['mysql:', 'mariadb:'],
      example: 'mysql://app:password@db.example:3306/shop',
      port: PORT,
      socket: 'the path of its socket',
    }),
  })
  .superRefine(refineDatabase)
  .transform((s) => ({ type: s.type, ...schedule(s), ...databaseTarget(s, { port: PORT, socket: (file) => file }) }))

export type MysqlProbeConfig = z.output<typeof mysqlProbe>
