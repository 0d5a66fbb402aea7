import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { EXIT, FatalError } from '../../src/errors.ts'
import { lockDataDir } from '../../src/store/lock.ts'
import { tempDir } from './buffer-fixture.ts'

const lockUrl = new URL('../../src/store/lock.ts', import.meta.url).href

/** A process that holds the lock of `dir`, or says why it cannot, and stays until it is killed. */
async function holder(t: Test, dir: string): Promise<{ child: ChildProcess; said: string }> {
  const code = `
    import { lockDataDir } from ${JSON.stringify(lockUrl)}
    try { lockDataDir(${JSON.stringify(dir)}, process.pid); process.stdout.write('held') }
    catch (error) { process.stdout.write(error.message) }
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  const [said] = await once(child.stdout, 'data')
  return { child, said: String(said) }
}

t.test(
  'a data_dir belongs to one process at a time, is refused to others by pid, and is free when that one is killed',
  async (t) => {
    const dir = tempDir(t)
    const first = await holder(t, dir)
    t.equal(first.said, 'held')
    const second = await holder(t, dir)
    t.equal(second.said, `Cannot use ${dir}: another obs-agent (pid ${first.child.pid}) is using it`)
    t.equal(fatalOf(() => lockDataDir(dir, process.pid))?.exitCode, EXIT.config)
    t.ok(existsSync(join(dir, 'lock.db')), 'being refused removes nothing')
    const third = await holder(t, dir)
    t.match(third.said, `pid ${first.child.pid}`, 'nor does it free the lock')

    first.child.kill('SIGKILL')
    await once(first.child, 'exit')
    const lock = lockDataDir(dir, 4711)
    t.equal(readFileSync(join(dir, 'agent.pid'), 'utf8'), '4711\n')
    lock.release()
    lockDataDir(dir, 4712).release()
  },
)

function fatalOf(work: () => unknown): FatalError | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    return error instanceof FatalError ? error : undefined
  }
}
