import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { ensureRuntime } from '../../src/cli/runtime-flags.ts'

const MAIN = join(import.meta.dirname, '../../src/main.ts')

function obsAgent(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' })
}

for (const { args, status, stdout, stderr } of [
  {
    args: [],
    status: 0,
    stdout: /Verbs:\n {2}run .*\n {2}check .*\n {2}parse .*\n {2}status .*\n {2}version/,
    stderr: /^$/,
  },
  { args: ['--help'], status: 0, stdout: /Verbs:/, stderr: /^$/ },
  { args: ['run', '--help'], status: 0, stdout: /-c, --config <value>/, stderr: /^$/ },
  { args: ['version'], status: 0, stdout: /^obs-agent \d+\.\d+\.\d+ \(node \d+/, stderr: /^$/ },
  {
    args: ['rnu'],
    status: 2,
    stdout: /^$/,
    stderr: /unknown verb rnu, expected run, check, parse, status, version or help/,
  },
  { args: ['constructor'], status: 2, stdout: /^$/, stderr: /unknown verb constructor/ },
  { args: ['run', '--cofnig', 'x'], status: 2, stdout: /^$/, stderr: /--cofnig/ },
  { args: ['run', 'agent.yaml'], status: 2, stdout: /^$/, stderr: /agent\.yaml/ },
  { args: ['check', '-o', 'xml'], status: 2, stdout: /^$/, stderr: /expected text or json, got xml/ },
  { args: ['run', '-c', '/no/such/agent.yaml'], status: 78, stdout: /^$/, stderr: /\/no\/such\/agent\.yaml/ },
]) {
  t.test(`obs-agent ${args.join(' ')} exits ${status}`, (t) => {
    const ran = obsAgent(...args)
    t.equal(ran.status, status)
    t.match(ran.stdout, stdout)
    t.match(ran.stderr, stderr)
    t.end()
  })
}

t.test('a runtime that is too old is refused with what to do', (t) => {
  for (const version of ['18.20.4', '20.20.2', '22.21.9'])
    t.throws(() => ensureRuntime(version), /22\.22 or newer is needed/)
  for (const version of ['22.22.0', '24.1.0', '26.10.0']) t.doesNotThrow(() => ensureRuntime(version))
  t.end()
})
