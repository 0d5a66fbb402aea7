import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { type FamilySamples, renderMetrics } from '../../src/metrics/exposition.ts'
import { Phases } from '../../src/probes/phases.ts'
import type { Finding, Probe } from '../../src/probes/probe.ts'
import { systemClock } from '../../src/run/clock.ts'
import { missing } from '../systemd/missing.ts'

/** What the tests of the probes of this host share: runs, real mounts, real processes. */

/** Removed when the tests of the file are over. */
export function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'obs-local-probe-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** One run; `timeoutMs` is its deadline. */
export async function runOnce(probe: Probe, { timeoutMs = 20_000 }: { timeoutMs?: number } = {}): Promise<Finding> {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(new DOMException('deadline', 'TimeoutError')), timeoutMs)
  try {
    return await probe.run({ signal: controller.signal, phases: new Phases(systemClock) })
  } finally {
    clearTimeout(timer)
  }
}

/** The values of a family, by their labels. */
export function valuesOf({ families = [] }: Finding, name: string): Record<string, number> {
  const samples = families.find((family) => family.name === name)?.samples ?? []
  return Object.fromEntries(samples.map(({ labels, value }) => [Object.values(labels).join(' '), value]))
}

export function valueIn(finding: Finding, name: string): number | undefined {
  return valuesOf(finding, name)['']
}

/** What promtool has against families; throws with it. */
export function checkMetrics(families: readonly FamilySamples[] | undefined): void {
  execFileSync('promtool', ['check', 'metrics'], { input: renderMetrics(families ?? [], 'prometheus'), stdio: 'pipe' })
}

/** Resolves when `holds` does; rejects after ten seconds. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  const endMs = performance.now() + 10_000
  while (!holds()) {
    if (performance.now() > endMs) throw new Error(`Waited in vain until ${what}`)
    await delay(5)
  }
}

export function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return !/\) [ZX]/.test(stat)
  } catch {
    return false
  }
}

/** Living processes whose command line holds `mark`. */
export function pidsWith(mark: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && isAlive(pid) && commandLine(pid).includes(mark))
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

/** A program that runs until `end`, or says `ready` first when it is to be waited for. */
export class Running {
  readonly child: ChildProcess
  readonly #lines: AsyncIterator<string> | undefined

  constructor(command: readonly string[], { argv0, talks = false }: { argv0?: string; talks?: boolean } = {}) {
    const [file = '', ...args] = command
    this.child = spawn(file, args, {
      stdio: ['ignore', talks ? 'pipe' : 'ignore', 'inherit'],
      ...(argv0 !== undefined && { argv0 }),
    })
    const { stdout } = this.child
    if (stdout) this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]()
  }

  get pid(): number {
    return this.child.pid ?? 0
  }

  async line(): Promise<string> {
    const next = await this.#lines?.next()
    return typeof next?.value === 'string' ? next.value : ''
  }

  async end(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    const gone = once(this.child, 'exit')
    this.child.kill('SIGKILL')
    await gone
  }
}

/** A small file system in memory. */
export class Mount {
  readonly path: string

  constructor(options: string) {
    this.path = temporaryFolder()
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', this.path])
  }

  remount(options: string): void {
    execFileSync('mount', ['-o', `remount,${options}`, this.path])
  }

  end(): void {
    execFileSync('umount', [this.path])
  }
}

/** Why there can be no `SilentMount` here. */
export function missingFuse(): string | false {
  return missing('root', 'python3', 'umount') || (!existsSync('/dev/fuse') && !process.env.CI && 'needs /dev/fuse')
}

/**
 * A file system whose server has died in a way: one of FUSE that is mounted and never answers, so that every call into it hangs until the server's
 * descriptor is closed. Needs root and /dev/fuse.
 */
const SILENT_SERVER = `
import ctypes, os, sys, time
fd = os.open('/dev/fuse', os.O_RDWR)
libc = ctypes.CDLL(None, use_errno=True)
data = ('fd=%d,rootmode=40000,user_id=0,group_id=0' % fd).encode()
if libc.mount(b'silent', sys.argv[1].encode(), b'fuse', 0, data) != 0:
    sys.exit(os.strerror(ctypes.get_errno()))
print('ready', flush=True)
time.sleep(600)
`

export class SilentMount {
  readonly path: string
  readonly #server: Running

  private constructor(path: string) {
    this.path = path
    this.#server = new Running(['python3', '-c', SILENT_SERVER, path], { talks: true })
  }

  static async open(): Promise<SilentMount> {
    const path = join(temporaryFolder(), 'mount')
    mkdirSync(path)
    const mount = new SilentMount(path)
    if ((await mount.#server.line()) !== 'ready') throw new Error('Cannot mount a silent file system')
    return mount
  }

  /** Whatever hangs in it gets ENOTCONN. */
  async end(): Promise<void> {
    await this.#server.end()
    execFileSync('umount', ['-l', this.path])
  }
}
