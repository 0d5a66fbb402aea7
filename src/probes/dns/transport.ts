import { createSocket } from 'node:dgram'
import type { Socket } from 'node:net'
import type { HostPort } from '../../config/probes/targets.ts'
import { Inbox } from '../network/inbox.ts'
import type { Opened } from '../network/opened.ts'
import { type DnsAnswer, decodeAnswer, encodeQuery, type Question } from './message.ts'

/** One question to one server, over UDP or over a connection. */

/** RFC 1035 4.2.2: a length of 16 bits before the message. */
const MAX_TCP_BYTES = 2 + 0xffff

/** `server.host`: an address. The kernel lets only datagrams from it through; those that do not answer the question are ignored. */
export function askUdp(
  question: Question,
  { server, opened, onConnected }: { server: HostPort; opened: Opened; onConnected: () => void },
): Promise<DnsAnswer> {
  const socket = createSocket(server.host.includes(':') ? 'udp6' : 'udp4')
  let isOpen = true
  opened.add({
    close: () => {
      if (isOpen) socket.close()
      isOpen = false
    },
  })
  return new Promise((resolve, reject) => {
    socket.on('error', reject)
    socket.on('message', (message) => {
      try {
        const answer = decodeAnswer(message, question)
        if (answer) resolve(answer)
      } catch (error) {
        reject(error)
      }
    })
    socket.once('connect', () => {
      onConnected()
      socket.send(encodeQuery(question))
    })
    socket.connect(server.port, server.host)
  })
}

export async function askTcp(question: Question, socket: Socket): Promise<DnsAnswer> {
  const query = encodeQuery(question)
  const length = Buffer.alloc(2)
  length.writeUInt16BE(query.length)
  const inbox = new Inbox(socket, MAX_TCP_BYTES)
  socket.write(Buffer.concat([length, query]))
  const size = (await inbox.take(2)).readUInt16BE()
  const answer = decodeAnswer(await inbox.take(size), question)
  if (answer) return answer
  throw new Error('the server answers another question')
}
