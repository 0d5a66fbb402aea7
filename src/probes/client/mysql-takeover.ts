import type { DatabaseTls } from '../../config/probes/database-url.ts'
import type { Phases } from '../phases.ts'
import type { Wire, WireTls } from './wire.ts'

interface Packet {
  readonly sequenceId: number
  readonly buffer: Buffer
  readonly offset: number
  readonly end: number
}

/** Parts of mysql2 that have no option of their own; the version is pinned in package.json. */
export interface MysqlInternals {
  readonly _handshakePacket?: { readonly serverVersion?: unknown } | null
  readonly config: { ssl: unknown }
  sequenceId: number
  handlePacket(packet?: Packet): void
  startTLS(done: (error?: unknown) => void): void
}

/** Bit CLIENT_SSL of the lower capability flags: https://dev.mysql.com/doc/dev/mysql-server/latest/group__group__cs__capabilities__flags.html */
const CLIENT_SSL = 0x0800

/**
 * TLS is begun by the wire, and with `prefer` left out when the greeting does not offer it. mysql2 complains to stderr about the numbers of
 * packets, and goes on: here they are taken as they come.
 */
export function takeOver(
  connection: MysqlInternals,
  { wire, tls, mode, phases }: { wire: Wire; tls: WireTls; mode: DatabaseTls; phases: Phases },
): void {
  const handlePacket = connection.handlePacket.bind(connection)
  let isGreeting = true
  connection.handlePacket = (packet) => {
    if (packet && isGreeting) {
      isGreeting = false
      if (mode === 'prefer' && !offersTls(packet)) connection.config.ssl = false
    }
    if (packet) connection.sequenceId = packet.sequenceId
    handlePacket(packet)
  }
  connection.startTLS = (done) => {
    wire.startTls(tls).then(() => {
      phases.enter('auth')
      done()
    }, done)
  }
}

/** https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_packets_protocol_handshake_v10.html */
function offersTls({ buffer, offset, end }: Packet): boolean {
  const version = buffer.indexOf(0, offset + 1)
  // After the version and its NUL: the number of the thread, half of the salt, and a filler.
  const flags = version + 1 + 4 + 8 + 1
  return version > 0 && flags + 2 <= end && (buffer.readUInt16LE(flags) & CLIENT_SSL) !== 0
}
