import type { Socket } from 'node:net'
import { troubleText } from './finding.ts'

/** What has come over a connection and is not taken yet. */
export class Inbox {
  readonly #socket: Socket
  #roomBytes: number
  #held: Buffer = Buffer.alloc(0)
  #end: Error | undefined
  #wake: (() => void) | undefined

  /** `limitBytes`: of all that is read from the connection. */
  constructor(socket: Socket, limitBytes: number) {
    this.#socket = socket
    this.#roomBytes = limitBytes
    socket.on('data', this.#onData)
    socket.once('error', (error) => this.#endWith(new Error(troubleText(error), { cause: error })))
    socket.once('close', () => this.#endWith(new ConnectionEnded()))
    socket.once('end', () => this.#endWith(new ConnectionEnded()))
  }

  get heldBytes(): number {
    return this.#held.length
  }

  /** The next line without its line break, when it is there whole. */
  takeLine(): string | undefined {
    const at = this.#held.indexOf(0x0a)
    if (at < 0) return undefined
    return this.takeNow(at + 1)
      .toString('utf8')
      .replace(/\r?\n$/, '')
  }

  /** The beginning of the line that is not there whole. */
  unfinishedLine(maxBytes: number): string {
    return this.#held.subarray(0, maxBytes).toString('utf8')
  }

  /** So many bytes of those held. */
  takeNow(byteCount: number): Buffer {
    const taken = this.#held.subarray(0, byteCount)
    this.#held = this.#held.subarray(byteCount)
    return taken
  }

  async take(byteCount: number): Promise<Buffer> {
    while (this.#held.length < byteCount) await this.more()
    return this.takeNow(byteCount)
  }

  async nextLine(): Promise<string> {
    for (;;) {
      const line = this.takeLine()
      if (line !== undefined) return line
      await this.more()
    }
  }

  /** Resolves when more has come. @throws {Error} when nothing will, or more than the limit has. */
  async more(): Promise<void> {
    if (this.#end) throw this.#end
    const arrived = Promise.withResolvers<void>()
    this.#wake = arrived.resolve
    const before = this.#held.length
    await arrived.promise
    // What came before the end is looked at first.
    if (this.#end && this.#held.length === before) throw this.#end
  }

  /** Leaves the connection to someone else. */
  release(): void {
    this.#socket.off('data', this.#onData)
  }

  readonly #onData = (data: Buffer): void => {
    this.#roomBytes -= data.length
    if (this.#roomBytes < 0) {
      this.#endWith(new Error('more came than such an answer has'))
      this.#socket.destroy()
      return
    }
    this.#held = Buffer.concat([this.#held, data])
    this.#wake?.()
  }

  #endWith(error: Error): void {
    this.#end ??= error
    this.#wake?.()
  }
}

/** The other side closed it, with or without reason. */
export class ConnectionEnded extends Error {
  constructor() {
    super('connection closed by the other side')
    this.name = 'ConnectionEnded'
  }
}
