import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** systemd's end of the socket. Node has no datagram unix sockets, so Python holds it and prints a JSON text per datagram. */
const program = `
import json, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('bound', flush=True)
while True:
    print(json.dumps(s.recv(65536).decode()), flush=True)
`

export class NotifyReceiver {
  readonly #child
  #wake = Promise.withResolvers<void>()
  /** Resolves when systemd-notify can be called. */
  readonly bound: Promise<unknown>
  /** Everything received, in order; without the barriers with which systemd-notify waits to be read. */
  readonly datagrams: string[] = []

  constructor(socketPath: string) {
    this.#child = spawn('python3', ['-c', program, socketPath], { stdio: ['ignore', 'pipe', 'inherit'] })
    const lines = createInterface(this.#child.stdout)
    this.bound = once(lines, 'line')
    void this.bound.then(() => lines.on('line', (line) => this.#hear(JSON.parse(line))))
  }

  /** Index of the first datagram at or after `from` that holds the line `assignment` or begins one with it. */
  async find(assignment: string, from = 0): Promise<number> {
    for (;;) {
      const index = this.datagrams.findIndex(
        (datagram, i) => i >= from && datagram.split('\n').some((line) => line.startsWith(assignment)),
      )
      if (index >= 0) return index
      await this.#wake.promise
    }
  }

  #hear(datagram: unknown): void {
    if (typeof datagram !== 'string' || datagram === 'BARRIER=1') return
    this.datagrams.push(datagram)
    this.#wake.resolve()
    this.#wake = Promise.withResolvers()
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    this.#child.kill()
    await once(this.#child, 'exit')
  }
}
