import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { KeyPair } from './certificates.ts'

/**
 * As much of a mail server as a session without a mail needs (RFC 5321, 3207, 4954), over real TLS. OpenSMTPD, which the tests run besides, comes
 * in Debian 12 without working TLS (its RSA engine does not get along with OpenSSL 3).
 */
export interface MailServer {
  readonly port: number
  /** What it was sent. */
  readonly lines: string[]
  close(): Promise<void>
}

interface Options {
  readonly pair: KeyPair
  /** TLS from the first byte. */
  readonly isImplicit?: boolean
  readonly user: string
  readonly password: string
}

export async function startMailServer({ pair, isImplicit = false, user, password }: Options): Promise<MailServer> {
  const lines: string[] = []
  const sockets = new Set<Socket>()
  const secured = (socket: Socket): TLSSocket => {
    const secure = new TLSSocket(socket, { isServer: true, key: readFileSync(pair.key), cert: readFileSync(pair.cert) })
    secure.on('error', () => {})
    return secure
  }
  const login = Buffer.from(`\0${user}\0${password}`).toString('base64')
  const serve = (socket: Socket): void => {
    const answer = (line: string): string => {
      lines.push(line)
      if (line.startsWith('EHLO'))
        return `250-mail.example\r\n${socket instanceof TLSSocket ? '250 AUTH PLAIN' : '250 STARTTLS'}`
      if (line.startsWith('AUTH PLAIN'))
        return line.endsWith(` ${login}`) ? '235 2.7.0 welcome' : '535 5.7.8 wrong credentials'
      if (line === 'STARTTLS') return '220 go ahead'
      return line === 'QUIT' ? '221 bye' : '502 not here'
    }
    socket.on('data', (data: Buffer) => {
      for (const line of data.toString().trimEnd().split('\r\n')) {
        socket.write(`${answer(line)}\r\n`)
        if (line !== 'STARTTLS') continue
        socket.removeAllListeners('data')
        serve(secured(socket))
      }
    })
  }
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    const session = isImplicit ? secured(socket) : socket
    session.write('220 mail.example ESMTP\r\n')
    serve(session)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    lines,
    async close() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
