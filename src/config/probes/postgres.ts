import { z } from 'zod'
import { duration } from '../settings.ts'
import { databaseSettings, databaseTarget, refineDatabase } from './database-settings.ts'
import { SCHEDULE, schedule } from './schedule.ts'

const PORT = 5432

export const postgresProbe = z
  .strictObject({
    type: z.literal('postgres').describe('PostgreSQL takes a session and answers a query.'),
    ...SCHEDULE,
    ...databaseSettings({
      schemes: ['postgres:', 'postgresql:'],
      example: 'postgres://app:password@db.example:5432/shop',
      port: PORT,
      socket: 'the folder of its socket',
    }),
    max_replication_lag: duration({ min: '1ms' })
      .optional()
      .describe('Degraded when it is a standby that is further behind than this.'),
  })
  .superRefine(refineDatabase)
  .transform((s) => ({
    type: s.type,
    ...schedule(s),
    ...databaseTarget(s, { port: PORT, socket: (folder, port) => `${folder}/.s.PGSQL.${port}` }),
    ...(s.max_replication_lag !== undefined && { maxReplicationLagMs: s.max_replication_lag }),
  }))

export type PostgresProbeConfig = z.output<typeof postgresProbe>
