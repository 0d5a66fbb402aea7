import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { Program } from '../../src/host/programs.ts'
import { scriptOf } from './samples.ts'

const never = new AbortController().signal
const program = (path: string) => new Program({ path, maxOutputBytes: 100_000 })

t.test('a program gets its arguments as they are, and a small environment', async (t) => {
  process.env.OBS_TEST_SECRET = 'hunter2'
  t.teardown(() => delete process.env.OBS_TEST_SECRET)
  const path = await scriptOf(t, 'printf "%s|" "$@"; env; pwd; echo first >&2; echo second >&2; exit 3')
  const outcome = await program(path).run(['$HOME', 'a b', ';ls'], never)
  if (outcome.kind !== 'exited') return t.fail(outcome.kind)
  t.equal(outcome.code, 3)
  t.equal(outcome.complaint, 'first')
  t.match(outcome.output, /^\$HOME\|a b\|;ls\|/)
  t.match(outcome.output, /^LANG=C$/m)
  t.match(outcome.output, /^\/$/m)
  t.notMatch(outcome.output, /hunter2/)
})

t.test('a program is found in the folders of the system', async (t) => {
  t.match(await program('true').run([], never), { kind: 'exited', code: 0, output: '' })
})

const failures: Record<string, { script: string; reason: RegExp }> = {
  'prints without end': { script: 'exec cat /dev/zero', reason: /printed too much/ },
  'ends by a signal': { script: 'kill -9 $$', reason: /ended by SIGKILL/ },
}
for (const [what, { script, reason }] of Object.entries(failures)) {
  t.test(`a program that ${what} fails`, async (t) => {
    t.match(await program(await scriptOf(t, script)).run([], never), { kind: 'failed', reason })
  })
}

t.test('a program that is not there is missing, one that cannot be run has failed', async (t) => {
  t.same(await program('/no/such/program').run([], never), { kind: 'missing' })
  t.same(await program('no-such-program').run([], never), { kind: 'missing' })
  const folder = t.testdir({ 'not-executable': 'x' })
  t.match(await program(join(folder, 'not-executable')).run([], never), { kind: 'failed', reason: /EACCES/ })
})

t.test('a program that hangs is killed on abort, though its child keeps the pipe', async (t) => {
  const folder = t.testdir({})
  const path = await scriptOf(
    t,
    `sleep 60 & echo $! >${folder}/child; echo $$ >${folder}/pid.new; mv ${folder}/pid.new ${folder}/pid; wait`,
  )
  const controller = new AbortController()
  const one = program(path)
  const running = one.run([], controller.signal)
  const pid = Number(await appearing(join(folder, 'pid')))
  t.match(await one.run([], never), { kind: 'failed', reason: /has not ended/ }, 'no second one meanwhile')
  controller.abort()
  t.match(await running, { kind: 'failed', reason: /no answer in time/ })
  await gone(pid)
  process.kill(Number(await readFile(join(folder, 'child'), 'utf8')))
  t.match(await one.run([], AbortSignal.abort()), { kind: 'failed', reason: /before it began/ })
})

async function appearing(path: string): Promise<string> {
  for (;;) {
    const text = await readFile(path, 'utf8').catch(() => '')
    if (text !== '') return text
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0)
    } catch {
      return
    }
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
