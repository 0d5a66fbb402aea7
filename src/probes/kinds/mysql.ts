import type { Connection, createConnection } from 'mysql2'
import type { MysqlProbeConfig } from '../../config/probes/mysql.ts'
import { converse, type Remarks } from '../client/conversation.ts'
import { checkExpected } from '../client/database-answer.ts'
import { type MysqlInternals, takeOver } from '../client/mysql-takeover.ts'
import { refusalOf } from '../client/mysql-words.ts'
import { remoteHostOf, targetText } from '../client/target.ts'
import type { Wire } from '../client/wire.ts'
import { wireTls } from '../client/wire-tls.ts'
import type { Probe, ProbeRun } from '../probe.ts'

const VERSION_HELP = 'Version of the MySQL or MariaDB server.'

type Row = readonly (string | null)[]

/** MySQL, MariaDB and what speaks their protocol: signs in, asks one thing in a session that only reads, and leaves. */
export function createMysqlProbe(config: MysqlProbeConfig): Probe {
  return {
    target: targetText(config.address, config.database),
    ...remoteHostOf(config.address),
    run: async (run) => {
      const { createConnection } = await import('mysql2')
      return converse(run, {
        ...config,
        secrets: [config.password],
        talk: async (wire, remarks) => {
          const tls = await wireTls({ ...config, isVerified: config.tls === 'verify-full' })
          run.phases.enter('auth')
          try {
            const connection = connectionOn(wire, { create: createConnection, config })
            takeOver(connection, { wire, tls, mode: config.tls, phases: run.phases })
            await session(connection, { config, run, remarks })
          } catch (error) {
            throw refusalOf(error, config)
          }
        },
      })
    },
  }
}

function connectionOn(
  wire: Wire,
  { create, config }: { create: typeof createConnection; config: MysqlProbeConfig },
): Connection & MysqlInternals {
  const connection = create({
    stream: wire,
    ...('path' in config.address ? { socketPath: config.address.path } : config.address),
    user: config.user,
    ...(config.password && { password: config.password.reveal() }),
    ...(config.database !== undefined && { database: config.database }),
    ...(config.tls !== 'disable' && { ssl: {} }),
    // A server may ask for any file of this host with it.
    flags: ['-LOCAL_FILES'],
    connectTimeout: 0,
    rowsAsArray: true,
    disableEval: true,
    typeCast: (field) => field.string(),
  })
  // The callbacks tell errors, and so does the wire.
  connection.on('error', () => {})
  // The types of mysql2 leave these out.
  return connection as Connection & MysqlInternals
}

async function session(
  connection: Connection & MysqlInternals,
  { config, run, remarks }: { config: MysqlProbeConfig; run: ProbeRun; remarks: Remarks },
): Promise<void> {
  const version = await versionOf(connection)
  const isMaria = /mariadb/i.test(version)
  remarks.server = `${isMaria ? 'MariaDB' : 'MySQL'} ${version.replace(/-.*/, '')}`
  remarks.families.gauge('probe_mysql_version_info', VERSION_HELP, 1, { version })
  run.phases.enter('query')
  await rowsOf(connection, 'SET SESSION TRANSACTION READ ONLY')
  // Below the deadline, so that the server gives up before the probe does. One counts seconds, the other milliseconds.
  const limitMs = Math.ceil(config.timeoutMs * 0.9)
  const limit = isMaria ? `max_statement_time = ${limitMs / 1000}` : `max_execution_time = ${limitMs}`
  await rowsOf(connection, `SET SESSION ${limit}`)
  const rows = await rowsOf(connection, config.query)
  checkExpected(rows[0]?.[0], config.expect)
  // The goodbye; the wire sees to the rest.
  connection.end(() => {})
}

/** Once signed in: what the greeting said. MariaDB puts 5.5.5- before its own, for replicas that know no more than one digit. */
function versionOf(connection: Connection & MysqlInternals): Promise<string> {
  return new Promise((resolve, reject) => {
    connection.connect((error) => {
      if (error) reject(error)
      else
        resolve(
          String(connection._handshakePacket?.serverVersion ?? 'unknown')
            .replace(/^5\.5\.5-/, '')
            .slice(0, 64),
        )
    })
  })
}

function rowsOf(connection: Connection, sql: string): Promise<readonly Row[]> {
  return new Promise((resolve, reject) => {
    connection.query({ sql, rowsAsArray: true }, (error, rows) => {
      if (error) reject(error)
      // Rows as arrays of texts is what was asked for; a statement without rows gives an object.
      else resolve(Array.isArray(rows) ? (rows as unknown as readonly Row[]) : [])
    })
  })
}
