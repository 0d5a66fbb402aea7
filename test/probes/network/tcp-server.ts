import { createServer, type Server, type Socket } from 'node:net'

export interface TcpServer {
  readonly port: number
  readonly connectionCount: () => number
  /** What clients have sent so far. */
  readonly received: () => string
  /** Resolves when no client is connected. */
  allGone(): Promise<void>
  close(): Promise<void>
}

/** A server that does to each connection what `serve` says. */
export async function tcpServer(serve: (socket: Socket) => void, host = '127.0.0.1'): Promise<TcpServer> {
  return await listening(createServer(), { serve, host })
}

async function listening(
  server: Server,
  { serve, host }: { serve: (socket: Socket) => void; host: string },
): Promise<TcpServer> {
  const sockets = new Set<Socket>()
  let connectionCount = 0
  let received = ''
  let onGone: (() => void) | undefined
  server.on('connection', (socket) => {
    connectionCount += 1
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('data', (data: Buffer) => (received += data.toString('latin1').slice(0, 10_000)))
    socket.on('close', () => {
      sockets.delete(socket)
      if (sockets.size === 0) onGone?.()
    })
    serve(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  // tap tears down when nothing keeps the process alive, so this must not.
  server.unref()
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    connectionCount: () => connectionCount,
    received: () => received,
    allGone: () => (sockets.size === 0 ? Promise.resolve() : new Promise((resolve) => (onGone = resolve))),
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** A port that refuses connections. */
export async function refusingPort(): Promise<number> {
  const server = await tcpServer(() => {})
  await server.close()
  return server.port
}

/** Writes `text` a byte at a time, and goes on with its last byte for ever. */
export function drip(socket: Socket, text: string, everyMs = 10): void {
  let at = 0
  const timer = setInterval(() => {
    socket.write(text[Math.min(at, text.length - 1)] ?? '')
    at += 1
  }, everyMs)
  socket.on('close', () => clearInterval(timer))
}
