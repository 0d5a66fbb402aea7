import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import type { HealthCheck, HealthResponse } from '../../src/model/health.ts'

const checkout = fileURLToPath(new URL('../..', import.meta.url))
const MAIN = join(checkout, 'src/main.ts')
/** A deadline can only fail a test. */
export const PATIENCE_MS = 30_000

/** Asks until the answer is there. */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const deadlineMs = performance.now() + PATIENCE_MS
  for (;;) {
    const found = await look()
    if (found) return found
    if (performance.now() > deadlineMs) throw new Error(`Cannot wait any longer for ${what}`)
    await delay(20)
  }
}

export interface Said {
  readonly level: string
  readonly msg: string
  readonly [field: string]: unknown
}

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stderr: string
}

export interface StartOptions {
  /** A command that runs it, such as setpriv. */
  readonly by?: readonly string[]
  readonly stdio?: readonly ('ignore' | 'pipe')[]
  readonly config?: string
}

/** A folder with everything an agent needs; removed with the test, with whatever runs in it. */
export class World {
  readonly dir = mkdtempSync(join(tmpdir(), 'obs-agent-run-'))
  readonly #t: Test

  constructor(t: Test) {
    this.#t = t
    mkdirSync(this.logs)
    t.teardown(() => rmSync(this.dir, { recursive: true, force: true }))
  }

  get logs(): string {
    return join(this.dir, 'logs')
  }

  /** Where the file output goes, unless a test says otherwise. */
  get out(): string {
    return join(this.dir, 'out.ndjson')
  }

  get config(): string {
    return join(this.dir, 'agent.yaml')
  }

  /** Writes agent.yaml; `settings` replaces whole top-level settings. */
  configure(settings: Readonly<Record<string, unknown>> = {}): void {
    const usual = {
      data_dir: join(this.dir, 'data'),
      api: { listen: '127.0.0.1:0' },
      sources: { app: { include: [`${this.logs}/*.log`] } },
      outputs: { out: { type: 'file', path: this.out } },
      // However full the machine is that runs the tests.
      host: { disk: { degraded: '100%', unhealthy: '100%' }, memory: { degraded: '100%', unhealthy: '100%' } },
    }
    // JSON is YAML.
    writeFileSync(this.config, JSON.stringify({ ...usual, ...settings }))
  }

  /** Starts the agent. */
  start({ by = [], stdio = ['ignore', 'ignore', 'pipe'], config = this.config }: StartOptions = {}): RunningAgent {
    const [command = process.execPath, ...args] = [...by, process.execPath, MAIN, 'run', '-c', config]
    const child = spawn(command, args, { stdio: [...stdio], cwd: this.dir })
    this.#t.teardown(async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGKILL')
      await once(child, 'exit')
    })
    return new RunningAgent(child)
  }

  /** Starts it and waits until it says so. */
  async started(options?: StartOptions): Promise<RunningAgent> {
    const agent = this.start(options)
    await agent.started
    return agent
  }

  log(name: string, lines: readonly string[]): void {
    writeFileSync(join(this.logs, name), `${lines.join('\n')}\n`, { flag: 'a' })
  }

  /** The messages in a file output, rotated files included. */
  messages(out = this.out): string[] {
    const name = out.slice(out.lastIndexOf('/') + 1)
    const folder = out.slice(0, out.lastIndexOf('/'))
    const files = readdirSync(folder).filter((file) => file.startsWith(name) && !file.endsWith('.zst'))
    return files.flatMap((file) =>
      readFileSync(join(folder, file), 'utf8')
        .split('\n')
        .filter((line) => line.startsWith('{') && line.endsWith('}'))
        .map((line) => String((JSON.parse(line) as { message: string }).message)),
    )
  }

  /** Waits until every one of `lines` has arrived; says which have not. */
  async arrived(lines: readonly string[], out = this.out): Promise<void> {
    const missing = (): string[] => {
      const have = new Set(this.messages(out))
      return lines.filter((line) => !have.has(line))
    }
    try {
      await until('all lines', () => missing().length === 0)
    } catch {
      const left = missing()
      throw new Error(
        `${left.length} of ${lines.length} lines did not arrive, the first of them: ${left[0]?.slice(0, 80)}`,
      )
    }
  }
}

export const numberedLines = (name: string, count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, i) => `${name} ${from + i} ${'.'.repeat(80)}`)

export class RunningAgent {
  readonly child: ChildProcess
  readonly said: Said[] = []
  /** Resolves with the port of the API. */
  readonly started: Promise<number>
  readonly ended: Promise<Ended>
  #stderr = ''

  constructor(child: ChildProcess) {
    this.child = child
    const started = Promise.withResolvers<number>()
    this.started = started.promise
    this.started.catch(() => {})
    this.ended = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        started.reject(new Error(`The agent ended (${code ?? signal}) before it had started: ${this.#stderr}`))
        resolve({ code, signal, stderr: this.#stderr })
      })
    })
    if (!child.stderr) return
    createInterface(child.stderr).on('line', (line) => {
      this.#stderr += `${line}\n`
      const said = parsed(line)
      if (!said) return
      this.said.push(said)
      if (said.msg === 'Started') started.resolve(Number(new URL(String(said.api)).port))
    })
  }

  get pid(): number {
    return this.child.pid ?? 0
  }

  /** Waits for a message of the agent. */
  heard(msg: string): Promise<Said> {
    return until(`"${msg}"`, () => this.said.find((said) => said.msg === msg))
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    this.child.kill(signal)
    return this.ended
  }

  async ask(path: string, method = 'GET'): Promise<{ status: number; text: string }> {
    const question = request({ host: '127.0.0.1', port: await this.started, path, method, agent: false })
    question.end()
    const [response] = await once(question, 'response')
    let text = ''
    for await (const piece of response.setEncoding('utf8')) text += piece
    return { status: response.statusCode, text }
  }

  async health(): Promise<HealthResponse & { code: number }> {
    const { status, text } = await this.ask('/health')
    return { ...(JSON.parse(text) as HealthResponse), code: status }
  }

  async check(name: string): Promise<HealthCheck | undefined> {
    return (await this.health()).checks.find((check) => check.name === name)
  }

  /** Waits until a check says this. */
  healthSays(name: string, pattern: RegExp): Promise<HealthCheck> {
    return until(`${name} to say ${pattern}`, async () => {
      const check = await this.check(name)
      return check && pattern.test(`${check.status}: ${check.message}`) ? check : undefined
    })
  }

  /** The value of a series, labels and all, or undefined. */
  async metric(series: string): Promise<number | undefined> {
    const { text } = await this.ask('/metrics')
    const line = text.split('\n').find((one) => one.startsWith(`${series} `))
    return line === undefined ? undefined : Number(line.slice(series.length + 1))
  }
}

function parsed(line: string): Said | undefined {
  try {
    return JSON.parse(line) as Said
  } catch {
    return undefined // Meant for a person.
  }
}
