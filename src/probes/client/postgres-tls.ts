import { Refusal } from './failure-text.ts'
import { UnreadableAnswer, type Wire } from './wire.ts'

/** Length 8, then the number that stands for SSLRequest. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f])

/**
 * Whether the server agrees to TLS, before anything is said: https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SSL.
 * It answers with one byte; more would be plain text that pretends to have come over TLS.
 */
export async function askForTls(wire: Wire): Promise<boolean> {
  const answer = new Promise<Buffer>((resolve) => wire.once('data', resolve))
  wire.write(SSL_REQUEST)
  const bytes = await wire.whileOpen(answer)
  const text = bytes.toString('latin1')
  if (text === 'S') return true
  if (text === 'N') return false
  if (text.startsWith('E')) throw new Refusal('fails already at the question for TLS')
  throw new UnreadableAnswer('it is not an answer to the question for TLS')
}
