import { readFile } from 'node:fs/promises'
import { messageOf } from '../../errors.ts'
import { Refusal } from './failure-text.ts'
import type { WireAddress, WireTls } from './wire.ts'

interface TlsSettings {
  readonly address: WireAddress
  readonly tlsCaFile?: string | undefined
  readonly serverName?: string | undefined
  readonly isVerified: boolean
}

/** The file is read at every run: authorities are replaced while the agent runs. */
export async function wireTls({ address, tlsCaFile, serverName, isVerified }: TlsSettings): Promise<WireTls> {
  const name = serverName ?? ('host' in address ? address.host : 'localhost')
  try {
    return { name, isVerified, ca: tlsCaFile === undefined ? undefined : await readFile(tlsCaFile, 'utf8') }
  } catch (error) {
    throw new Refusal(`cannot read tls_ca_file: ${messageOf(error)}`)
  }
}
