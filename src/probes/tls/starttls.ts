import type { Socket } from 'node:net'
import type { Starttls } from '../../config/probes/tls.ts'
import { oneLine } from '../network/finding.ts'
import { Inbox } from '../network/inbox.ts'

/** Asks a server to go on with TLS, in the words of its protocol. Afterwards the handshake may begin on the same connection. */

const LIMIT_BYTES = 64 * 1024
/** PostgreSQL 55.7, SSLRequest: its length, and 1234 and 5679 as 16 bits each. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f])

type Ask = (socket: Socket, inbox: Inbox) => Promise<void>

const ASKS: Readonly<Record<Starttls, Ask>> = {
  // RFC 3207
  smtp: async (socket, inbox) => {
    expectCode(await smtpReply(inbox), '220')
    socket.write('EHLO localhost\r\n')
    expectCode(await smtpReply(inbox), '250')
    socket.write('STARTTLS\r\n')
    expectCode(await smtpReply(inbox), '220')
  },
  // RFC 3501 6.2.1
  imap: async (socket, inbox) => {
    expectStart(await inbox.nextLine(), '* OK')
    socket.write('a STARTTLS\r\n')
    let line = await inbox.nextLine()
    while (line.startsWith('* ')) line = await inbox.nextLine()
    expectStart(line, 'a OK')
  },
  // RFC 2595 4
  pop3: async (socket, inbox) => {
    expectStart(await inbox.nextLine(), '+OK')
    socket.write('STLS\r\n')
    expectStart(await inbox.nextLine(), '+OK')
  },
  postgres: async (socket, inbox) => {
    socket.write(SSL_REQUEST)
    const answer = (await inbox.take(1)).toString('latin1')
    if (answer !== 'S') throw new Error('the server does not offer TLS')
  },
}

export async function askForTls(protocol: Starttls, socket: Socket): Promise<void> {
  const inbox = new Inbox(socket, LIMIT_BYTES)
  await ASKS[protocol](socket, inbox)
  inbox.release()
  // Said in the clear before the handshake, it could be anyone's (CVE-2011-0411).
  if (inbox.heldBytes > 0) throw new Error('the server goes on in the clear after it agreed to TLS')
}

/** The last line of a reply; `250-` goes on, `250 ` ends it. */
async function smtpReply(inbox: Inbox): Promise<string> {
  let line = await inbox.nextLine()
  while (/^\d{3}-/.test(line)) line = await inbox.nextLine()
  return line
}

function expectCode(line: string, code: string): void {
  if (line.slice(0, 3) !== code) refuse(line)
}

function expectStart(line: string, start: string): void {
  if (!line.toUpperCase().startsWith(start.toUpperCase())) refuse(line)
}

function refuse(line: string): never {
  throw new Error(`the server does not go on to TLS, it answers: ${oneLine(line, 80)}`)
}
