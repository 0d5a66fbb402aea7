import { isIP, connect as openSocket, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { connect as openTls, type TLSSocket } from 'node:tls'
import { codeOf } from '../../errors.ts'
import type { ProbeRun } from '../probe.ts'
import { type CertificateFacts, certificateFacts, RefusedCertificate } from './certificate.ts'

/** A whole session of a probe is a few KiB; whoever sends more than this has gone wrong, or means to. */
const MAX_RECEIVED_BYTES = 1024 * 1024

/** What clients set on a socket of their own; here the deadline of the run holds, and the connection is short. */
const OF_SOCKETS = ['setKeepAlive', 'setNoDelay', 'setTimeout']

export type WireAddress = { readonly host: string; readonly port: number } | { readonly path: string }

export interface WireTls {
  /** PEM of the authorities to trust; undefined: those of Node. */
  readonly ca?: string | undefined
  /** What the certificate must be for, and what the server is asked for (RFC 6066, 3) when it is a name. */
  readonly name: string
  readonly isVerified: boolean
}

/** Connects, and tells the phases `resolve` and `connect`. Rejects with what the socket says, or at abort. */
export async function dial(address: WireAddress, run: ProbeRun): Promise<Wire> {
  run.signal.throwIfAborted()
  run.phases.enter('path' in address || isIP(address.host) !== 0 ? 'connect' : 'resolve')
  const socket = openSocket('path' in address ? { path: address.path } : { ...address, noDelay: true })
  socket.on('lookup', (error: Error | null) => {
    if (!error) run.phases.enter('connect')
  })
  const wire = new Wire(socket, run)
  await wire.whileOpen(new Promise((resolve) => socket.once('connect', resolve)))
  return wire
}

/**
 * One connection, as a stream that the libraries of clients can be given instead of opening their own. Whatever they are, this stays in one place:
 * abort destroys it at once, what it received is bounded, TLS is begun here (so that its phase and its certificate are known), an error nobody
 * listens to any more does no harm, and bytes that a parser throws at end the connection and not the agent.
 */
export class Wire extends Duplex {
  /** Of the server, once it has shown it, even when it is refused then. */
  certificate: CertificateFacts | undefined
  readonly #run: ProbeRun
  readonly #gone: Promise<never>
  #socket: Socket
  #reason: Error | undefined
  #receivedBytes = 0

  constructor(socket: Socket, run: ProbeRun) {
    super({ allowHalfOpen: false })
    this.#run = run
    this.#socket = socket
    const onAbort = (): unknown => this.destroy(run.signal.reason)
    run.signal.addEventListener('abort', onAbort, { once: true })
    this.on('error', () => {})
    this.#gone = new Promise((_, reject) => {
      this.once('close', () => {
        run.signal.removeEventListener('abort', onAbort)
        reject(this.#reason ?? this.errored ?? new ConnectionClosed())
      })
    })
    this.#gone.catch(() => {})
    for (const name of OF_SOCKETS) Object.defineProperty(this, name, { value: () => this })
    this.#listen(socket)
  }

  /** What `work` comes to, unless the connection is gone first: then it rejects with why. */
  whileOpen<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#gone])
  }

  /** Sends what is still to be sent, and closes without waiting for the other side. Resolves when no descriptor is left. */
  async leave(): Promise<void> {
    if (!this.destroyed) this.end(() => this.destroy())
    await this.#gone.catch(() => {})
  }

  /** Phase `tls`. The server must have agreed to it; from here on what the client reads and writes is encrypted. */
  async startTls({ ca, name, isVerified }: WireTls): Promise<void> {
    this.#run.phases.enter('tls')
    const plain = this.#socket
    for (const event of ['data', 'end', 'close']) plain.removeAllListeners(event)
    const secure = openTls({
      socket: plain,
      host: name,
      ...(isIP(name) === 0 && { servername: name }),
      ...(ca !== undefined && { ca }),
      rejectUnauthorized: isVerified,
    })
    this.#socket = secure
    // When the handshake is done and the certificate is about to be judged; once it is refused, the socket no longer has it.
    secure.prependOnceListener('secure', () => (this.certificate = certificateFacts(secure)))
    this.#listen(secure)
    await this.whileOpen(new Promise((resolve) => secure.once('secureConnect', resolve)))
  }

  override _read(): void {
    this.#socket.resume()
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, done)
  }

  override _final(done: () => void): void {
    if (this.#socket.destroyed) done()
    else this.#socket.end(done)
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const socket = this.#socket
    if (socket.closed) return done(error)
    socket.once('close', () => done(error))
    socket.destroy()
  }

  /** Parsers of clients run inside this event, and throw at what they cannot read. */
  override emit(event: string | symbol, ...values: unknown[]): boolean {
    if (event !== 'data') return super.emit(event, ...values)
    try {
      return super.emit(event, ...values)
    } catch (error) {
      this.destroy(new UnreadableAnswer(error))
      return true
    }
  }

  /** pg connects the stream it is given. */
  connect(): this {
    queueMicrotask(() => this.emit('connect'))
    return this
  }

  #listen(socket: Socket | TLSSocket): void {
    socket.on('data', (chunk: Buffer) => {
      this.#receivedBytes += chunk.length
      if (this.#receivedBytes > MAX_RECEIVED_BYTES) this.destroy(new UnreadableAnswer('it is larger than 1 MiB'))
      else if (!this.push(chunk)) socket.pause()
    })
    socket.on('end', () => this.push(null))
    socket.on('error', (error) => this.#fail(error))
    // What has come in before is still read; the end of it closes the stream.
    socket.on('close', () => {
      if (this.readableLength === 0) this.destroy()
    })
  }

  /** A certificate that is refused is named. Of other errors clients get a copy: nodemailer puts a code of its own into what it is given. */
  #fail(error: Error): void {
    const isRefusal = this.certificate !== undefined && this.#run.phases.current === 'tls'
    this.#reason = isRefusal && this.certificate ? new RefusedCertificate(error, this.certificate) : error
    this.destroy(Object.assign(new Error(this.#reason.message), { code: codeOf(error) }))
  }
}

/** The other side ended the connection, and said nothing of why. */
export class ConnectionClosed extends Error {
  constructor() {
    super('closed the connection')
    this.name = 'ConnectionClosed'
  }
}

/** What came is not what the protocol has. */
export class UnreadableAnswer extends Error {
  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause))
    this.name = 'UnreadableAnswer'
  }
}
