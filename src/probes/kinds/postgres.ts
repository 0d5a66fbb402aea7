import type { Client as PgClient } from 'pg'
import type { PostgresProbeConfig } from '../../config/probes/postgres.ts'
import { converse, type Remarks } from '../client/conversation.ts'
import { checkExpected } from '../client/database-answer.ts'
import { Refusal } from '../client/failure-text.ts'
import { askForTls } from '../client/postgres-tls.ts'
import { refusalOf } from '../client/postgres-words.ts'
import { remoteHostOf, targetText } from '../client/target.ts'
import type { Wire } from '../client/wire.ts'
import { wireTls } from '../client/wire-tls.ts'
import type { Probe, ProbeRun } from '../probe.ts'

const VERSION_HELP = 'Version of the PostgreSQL server.'
const LAG_HELP = 'Seconds since the last transaction that the standby has replayed; 0 when it has replayed all.'

/** Zero when nothing is left to replay and more would come: without a receiver, what it has received tells nothing of what there is. */
const LAG = `select pg_is_in_recovery(), case
  when pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() and exists (select from pg_stat_wal_receiver) then 0
  else extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp()) end`

type Row = readonly (string | null)[]

/** PostgreSQL, and what speaks its protocol: signs in, asks one thing in a read-only transaction, and leaves. */
export function createPostgresProbe(config: PostgresProbeConfig): Probe {
  return {
    target: targetText(config.address, config.database),
    ...remoteHostOf(config.address),
    run: async (run) => {
      const { default: pg } = await import('pg')
      return converse(run, {
        ...config,
        secrets: [config.password],
        talk: async (wire, remarks) => {
          await secure(wire, { config, run })
          run.phases.enter('auth')
          const client = clientOn(wire, { Client: pg.Client, config })
          await session(client, { config, run, remarks })
        },
      })
    },
  }
}

async function secure(wire: Wire, { config, run }: { config: PostgresProbeConfig; run: ProbeRun }): Promise<void> {
  if (config.tls === 'disable') return
  run.phases.enter('tls')
  const isVerified = config.tls === 'verify-full'
  const tls = await wireTls({ ...config, isVerified })
  if (await askForTls(wire)) await wire.startTls(tls)
  else if (config.tls !== 'prefer') throw new Refusal('has no TLS, and it is required')
}

/** Everything is given: what is left out, pg takes from PG* variables and ~/.pgpass. */
function clientOn(wire: Wire, { Client, config }: { Client: typeof PgClient; config: PostgresProbeConfig }): PgClient {
  const client = new Client({
    stream: () => wire,
    ssl: false,
    user: config.user,
    password: () => config.password?.reveal() ?? '',
    database: config.database ?? config.user,
    host: 'path' in config.address ? 'localhost' : config.address.host,
    port: 'path' in config.address ? 5432 : config.address.port,
    application_name: 'obs-agent',
  })
  internals(client).connectionParameters.options = ''
  // The connection tells its errors by itself.
  client.on('error', () => {})
  return client
}

async function session(
  client: PgClient,
  { config, run, remarks }: { config: PostgresProbeConfig; run: ProbeRun; remarks: Remarks },
): Promise<void> {
  endAtGarbage(client)
  const parameters = parametersOf(client)
  if (remoteHostOf(config.address).remoteHost !== undefined) keepFromClearText(client)
  try {
    await client.connect()
    const version = parameters.get('server_version') ?? 'of an unknown version'
    remarks.server = `PostgreSQL ${version.replace(/ .*/, '')}`
    remarks.families.gauge('probe_postgres_version_info', VERSION_HELP, 1, { version: version.slice(0, 64) })
    run.phases.enter('query')
    // Below the deadline, so that the server gives up before the probe does. Both end with the transaction.
    await client.query(`begin read only; set local statement_timeout = ${Math.ceil(config.timeoutMs * 0.9)}`)
    const found = await rowsOf(client, config.query)
    checkExpected(found[0]?.[0], config.expect)
    if (config.maxReplicationLagMs !== undefined || parameters.get('in_hot_standby') === 'on') {
      checkLag((await rowsOf(client, LAG))[0], { config, remarks })
    }
    await client.query('rollback')
    // The goodbye; the wire sees to the rest.
    client.end(() => {})
  } catch (error) {
    throw refusalOf(error, config)
  }
}

/** What the types of pg leave out. */
interface Internals {
  readonly connection: NodeJS.EventEmitter & { readonly stream: Wire }
  readonly connectionParameters: { options: string }
}

const internals = (client: PgClient): Internals => client as unknown as Internals

/** What the server says of itself without being asked: https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-ASYNC */
function parametersOf(client: PgClient): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>()
  internals(client).connection.on('parameterStatus', ({ parameterName, parameterValue }) =>
    parameters.set(parameterName, parameterValue),
  )
  return parameters
}

/** pg takes what is no message at all for an error of the server, byte by byte (64 KiB of NUL cost 0.5 s): here the first is the last. */
function endAtGarbage(client: PgClient): void {
  internals(client).connection.on('errorMessage', (error: Error & { severity?: string }) => {
    if (error.severity === undefined) throw error
  })
}

/** Whoever sits between may ask for the password as it is. Heard before pg does, which then finds the stream closed. */
function keepFromClearText(client: PgClient): void {
  const { connection } = internals(client)
  connection.on('authenticationCleartextPassword', () => {
    const { stream } = connection
    if (!stream.certificate) stream.destroy(new Refusal('asks for the password in clear text, and there is no TLS'))
  })
}

/** Extended protocol: exactly one statement, so that it cannot end the transaction it is in. Values stay the texts that came. */
async function rowsOf(client: PgClient, text: string): Promise<readonly Row[]> {
  const types = { getTypeParser: () => (value: unknown) => value }
  const query = { text, rowMode: 'array', types, queryMode: 'extended' }
  return (await client.query(query)).rows
}

function checkLag(row: Row | undefined, { config, remarks }: { config: PostgresProbeConfig; remarks: Remarks }): void {
  const [isStandby, lag] = row ?? []
  if (isStandby !== 't') return
  const maxLagMs = config.maxReplicationLagMs
  if (lag === null || lag === undefined) {
    if (maxLagMs !== undefined) remarks.shortcomings.push('is a standby that has replayed nothing yet')
    return
  }
  remarks.families.gauge('probe_postgres_replication_lag_seconds', LAG_HELP, Number(lag))
  if (maxLagMs !== undefined && Number(lag) * 1000 > maxLagMs) {
    remarks.shortcomings.push(`replication is ${Number(lag).toFixed(1)} s behind, more than ${maxLagMs / 1000} s`)
  }
}
