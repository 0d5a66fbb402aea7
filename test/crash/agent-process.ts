import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** An agent, from its start to its end. */
export class AgentProcess {
  readonly #child: ChildProcess
  /** Resolves when it has ended, with its exit code and the signal that ended it. */
  readonly exited: Promise<unknown[]>
  readonly #started = Promise.withResolvers<void>()
  readonly #lines: string[] = []
  readonly #complaints: string[] = []

  constructor(build: string, configPath: string) {
    const args = [`${build}/dist/main.js`, 'run', '-c', configPath]
    // What V8 compiled is kept between lives, or most of a life would be spent on it.
    const env = { ...process.env, NODE_COMPILE_CACHE: `${build}/compiled` }
    this.#child = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'pipe'] })
    this.exited = once(this.#child, 'close')
    if (this.#child.stderr) createInterface(this.#child.stderr).on('line', (line) => this.#hear(line))
  }

  #hear(line: string): void {
    this.#lines.push(line)
    if (line.includes('"msg":"Started"')) this.#started.resolve()
    // Nothing in a storm is a reason for an error of the agent's own: a damaged store, a thread that ends, a refused commit.
    if (line.includes('"level":"error"') || line.includes('"msg":"The ingest thread ended')) this.#complaints.push(line)
  }

  /** Resolves when it says that it started, or ended. */
  async started(): Promise<void> {
    await Promise.race([this.#started.promise, this.exited])
  }

  /** Ends it in this very moment, as the kernel does when memory is short. Returns what was wrong with its life. */
  async kill(): Promise<string[]> {
    this.#child.kill('SIGKILL')
    return this.#end()
  }

  /** Asks it to end, once it can hear: before it has started, SIGTERM is as good as SIGKILL. */
  async stop(): Promise<string[]> {
    await this.started()
    this.#child.kill('SIGTERM')
    return this.#end()
  }

  async #end(): Promise<string[]> {
    const [code, signal] = await this.exited
    // A wrong build kills itself where it hurts: that is a kill like any other.
    if (code === 0 || signal === 'SIGKILL') return this.#complaints
    return [`agent: ended with ${code ?? signal}: ${this.#lines.slice(-20).join('\n')}`, ...this.#complaints]
  }
}
