import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { Phases } from '../../src/probes/phases.ts'
import type { Probe } from '../../src/probes/probe.ts'
import { systemClock } from '../../src/run/clock.ts'
import { openHandles, runProbe } from './run-probe.ts'
import { freePort } from './servers.ts'

setFlagsFromString('--expose-gc')
/** Collects what nobody holds; all of it. */
const collect = runInNewContext('gc') as () => void

type Serve = (socket: Socket) => void

export interface Peer {
  readonly port: number
  /** Connections that are open now. */
  readonly count: () => number
  close(): Promise<void>
}

/** A server that is not what it should be. */
export async function hostilePeer(serve: Serve): Promise<Peer> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    socket.resume()
    serve(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    count: () => sockets.size,
    async close() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

let floodedBytes = 0

/** Goes on with `bytes` for as long as anybody listens. */
const flood =
  (bytes: Buffer): Serve =>
  (socket) => {
    floodedBytes = 0
    const more = (): void => {
      do floodedBytes += bytes.length
      while (!socket.destroyed && floodedBytes < 1e9 && socket.write(bytes))
    }
    socket.on('drain', more)
    more()
  }

const BLOCK = Buffer.alloc(65_536, 'x')

interface Subject {
  readonly name: string
  /** The probe against this port of 127.0.0.1. */
  readonly probe: (port: number) => Probe
  /** How the server begins: in answer to what it is first sent, or at once when it speaks first. */
  readonly opening: Buffer
  readonly speaksFirst: boolean
  /** Where it hangs when nothing comes, in words. */
  readonly hangs: RegExp
  /** Lengths of 2^31 and the like, in the words of this protocol. */
  readonly monsters: readonly Buffer[]
}

/** What every probe of a server must bear. */
export function bearsHostilePeers({ name, probe, opening, speaksFirst, hangs, monsters }: Subject): void {
  const answer =
    (then: Serve): Serve =>
    (socket) => {
      const speak = (): void => {
        socket.write(opening, () => then(socket))
      }
      if (speaksFirst) speak()
      else socket.once('data', speak)
    }
  const say =
    (bytes: Buffer): Serve =>
    (socket) => {
      if (speaksFirst) socket.write(bytes)
      else socket.once('data', () => socket.write(bytes))
    }
  const cases: Record<string, { serve: Serve; message: RegExp; timeoutMs?: number }> = {
    'says nothing': { serve: () => {}, message: new RegExp(`no answer within the time allowed ${hangs.source}`) },
    'stops after the beginning': { serve: answer(() => {}), message: /no answer within the time allowed while/ },
    'hangs up': { serve: (s) => s.destroy(), message: /closed the connection|was reset/ },
    'resets at once': { serve: (s) => s.resetAndDestroy(), message: /was reset|closed the connection/ },
    'resets after the beginning': {
      serve: answer((s) => s.resetAndDestroy()),
      message: /was reset|closed the connection/,
    },
    'ends after the beginning': {
      serve: answer((s) => s.end()),
      message: /closed the connection|was reset|no answer|cannot be read/,
    },
    'sends 1 GB': { serve: flood(BLOCK), message: /./, timeoutMs: 5000 },
    'sends 1 GB of NUL': { serve: flood(Buffer.alloc(65_536)), message: /./, timeoutMs: 5000 },
    'sends broken UTF-8': {
      serve: say(Buffer.from('ff fe c3 28 80 0d 0a 0d 0a 00 ed a0 80 0a'.replaceAll(' ', ''), 'hex')),
      message: /./,
    },
    'is an SSH server': { serve: (s) => s.write('SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n'), message: /./ },
    'is a web server': {
      serve: say(Buffer.from('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n')),
      message: /./,
    },
    ...Object.fromEntries(monsters.map((bytes, i) => [`sends monster ${i}`, { serve: say(bytes), message: /./ }])),
  }
  for (const [what, { serve, message, timeoutMs = 400 }] of Object.entries(cases)) {
    t.test(`${name} probe bears a server that ${what}`, async (t) => {
      const peer = await hostilePeer(serve)
      const before = process.memoryUsage().rss
      const finding = await runProbe(probe(peer.port), { timeoutMs })
      t.equal(finding.status, 'unhealthy', finding.message)
      t.match(finding.message, message)
      t.ok(process.memoryUsage().rss - before < 100e6, 'memory stays small')
      await peer.close()
      t.ok(floodedBytes < 16e6, `${floodedBytes} bytes were taken`)
    })
  }

  t.test(`${name} probe is told of a closed port`, async (t) => {
    t.match(await runProbe(probe(await freePort())), { status: 'unhealthy', message: 'refused the connection' })
  })

  t.test(`${name} probe stops with the agent, and says nothing about the server`, async (t) => {
    const peer = await hostilePeer(answer(() => controller.abort()))
    const controller = new AbortController()
    t.match(await runProbe(probe(peer.port), { signal: controller.signal }), {
      status: 'unknown',
      message: /^stopped while/,
    })
    t.match(await runProbe(probe(peer.port), { signal: AbortSignal.abort() }), {
      status: 'unknown',
      message: /^stopped/,
    })
    await peer.close()
  })

  t.test(`${name} probe leaves nothing behind in 200 runs against a server that flaps`, async (t) => {
    const serves = Object.entries(cases)
      .filter(([what]) => !/1 GB/.test(what))
      .map(([, { serve }]) => serve)
    const handles = openHandles()
    let turn = 0
    const peer = await hostilePeer((socket) => serves[turn++ % serves.length]?.(socket))
    const one = probe(peer.port)
    const round = async (): Promise<void> => {
      const timeout = AbortSignal.timeout(15)
      await one.run({ signal: timeout, phases: new Phases(systemClock) })
    }
    for (let i = 0; i < 50; i++) await round()
    collect()
    const heap = process.memoryUsage().heapUsed
    for (let i = 0; i < 200; i++) await round()
    collect()
    t.ok(turn >= 240, `${turn} connections`)
    await peer.close()
    // What closes needs some turns of the event loop until it is gone.
    for (let i = 0; i < 100 && openHandles().length > handles.length; i++) await setImmediate()
    t.ok(openHandles().length <= handles.length, openHandles().join(' '))
    const grown = process.memoryUsage().heapUsed - heap
    t.ok(grown < 3e6, `the heap grew by ${grown} bytes`)
  })
}
