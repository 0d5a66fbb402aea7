import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { execProbe } from '../../src/config/probes/exec.ts'
import { createExecProbe } from '../../src/probes/kinds/exec.ts'
import { systemClock } from '../../src/run/clock.ts'
import { missing } from '../systemd/missing.ts'
import { checkMetrics, runOnce, temporaryFolder, valuesOf } from './local-rig.ts'

/** What a program says and how it ends; how it is run and ended stands in exec-process.test.ts. */

const probe = (settings: Record<string, unknown>, environment: Record<string, string | undefined> = process.env) =>
  createExecProbe(execProbe.parse({ type: 'exec', ...settings }), { clock: systemClock, name: 'check', environment })

const folder = temporaryFolder()

function script(name: string, text: string, mode = 0o755): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  chmodSync(path, mode)
  return path
}

t.test('exec takes the exit code as the status, and the output as the message', async (t) => {
  const cases = [
    { shell: 'echo fine', status: 'healthy', message: 'fine' },
    { shell: 'echo so so; exit 1', status: 'degraded', message: 'so so' },
    { shell: 'echo bad; exit 2', status: 'unhealthy', message: 'bad' },
    { shell: 'echo no idea; exit 3', status: 'unknown', message: 'no idea' },
    { shell: 'echo what; exit 4', status: 'unhealthy', message: 'exit code 4: what' },
    { shell: 'exit 255', status: 'unhealthy', message: 'exit code 255' },
    { shell: 'true', status: 'healthy', message: 'exit code 0, no output' },
    { shell: 'exit 2', status: 'unhealthy', message: 'exit code 2, no output' },
    { shell: 'echo why >&2; echo more >&2; exit 2', status: 'unhealthy', message: 'why' },
    { shell: 'echo why >&2; echo first', status: 'healthy', message: 'first' },
    { shell: 'echo; echo "  second"; echo third', status: 'healthy', message: 'second' },
    { shell: 'printf "a\\r\\nb"', status: 'healthy', message: 'a' },
    { shell: 'printf "no line end"', status: 'healthy', message: 'no line end' },
    { shell: 'echo going; kill -SEGV $$', status: 'unhealthy', message: 'killed by SIGSEGV: going' },
    { shell: 'kill -KILL $$', status: 'unhealthy', message: 'killed by SIGKILL' },
    { shell: 'no-such-command', status: 'unhealthy', message: /^exit code 127: .*no-such-command.*not found/ },
  ]
  for (const { shell, ...expected } of cases) t.match(await runOnce(probe({ shell })), expected, shell)
})

t.test('exec hands its words on as they are, without a shell', async (t) => {
  const args = ['a b', '$HOME', '*', '`id`', ';', "it's", '']
  const path = script('args', '#!/bin/sh\nfor word in "$@"; do printf "<%s>" "$word"; done\n')
  t.match(await runOnce(probe({ command: [path, ...args] })), { message: args.map((word) => `<${word}>`).join('') })
  t.match(await runOnce(probe({ command: ['echo', 'found in PATH'] })), { message: 'found in PATH' })
  t.match(
    await runOnce(probe({ command: ['cat'] })),
    { status: 'healthy', message: 'exit code 0, no output' },
    'nothing comes in',
  )
})

t.test('exec keeps a message short and harmless, whatever comes out', async (t) => {
  const long = await runOnce(probe({ shell: 'head -c 300000 /dev/zero | tr "\\0" x' }))
  t.equal(long.message.length, 512)
  t.match(long, { status: 'healthy', message: /^x{511}…$/ })
  const wild = await runOnce(probe({ shell: 'printf "\\033[2J\\tred\\0 \\342\\200\\256end"' }))
  t.equal(wild.message, '\\u001b[2J\\tred\\u0000 \\u202eend')
  const binary = await runOnce(probe({ shell: 'head -c 5000 /dev/urandom' }))
  t.equal(binary.status, 'healthy')
  t.ok(binary.message.length <= 512)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  t.notMatch(binary.message, /[\u0000-\u001f\u007f-\u009f]/)
  t.ok(binary.message.isWellFormed())
})

t.test('exec takes the numbers after the bar as metrics', { skip: missing('promtool') }, async (t) => {
  const output = [
    `OK - fine|time=0.5s;1;2;0;10 size=12KB 'a label'=5% 'it''s'=1 neg=-3.5 exp=1e3 time=9s time=7 unknown=U bad=x=1 =3 none`,
    'more|late=1',
  ]
  const path = script('perf', `#!/bin/sh\ncat <<'END'\n${output.join('\n')}\nEND\n`)
  const finding = await runOnce(probe({ command: [path] }))
  t.match(finding, { status: 'healthy', message: 'OK - fine' })
  t.same(valuesOf(finding, 'probe_exec_value'), {
    'time s': 0.5,
    'size KB': 12,
    'a label %': 5,
    "it's ": 1,
    'neg ': -3.5,
    'exp ': 1000,
    'time ': 7,
  })
  t.doesNotThrow(() => checkMetrics(finding.families))
  const many = await runOnce(probe({ shell: 'printf "many|"; for i in $(seq 500); do printf "v$i=1 "; done' }))
  t.equal(Object.keys(valuesOf(many, 'probe_exec_value')).length, 50)
  t.match(await runOnce(probe({ shell: 'echo "|a=1"; echo why >&2; exit 1' })), { status: 'degraded', message: 'why' })
})

t.test('exec tells plainly why a program does not start', async (t) => {
  const gone = join(folder, 'gone')
  const closed = script('closed', '#!/bin/sh\n', 0o644)
  const orphan = script('orphan', '#!/no/such/interpreter\n')
  const cases = [
    { settings: { command: [gone] }, message: `Cannot run ${gone}: it does not exist` },
    { settings: { command: [`${closed}/x`] }, message: `Cannot run ${closed}/x: it does not exist` },
    {
      settings: { command: ['no-such-program'] },
      message: 'Cannot run no-such-program: there is no program of this name in PATH',
    },
    { settings: { command: [closed] }, message: `Cannot run ${closed}: permission denied, or it is not executable` },
    { settings: { command: [folder] }, message: `Cannot run ${folder}: permission denied, or it is not executable` },
    {
      settings: { command: [orphan] },
      message: `Cannot run ${orphan}: the interpreter in its first line does not exist`,
    },
    {
      settings: { shell: 'true', working_directory: gone },
      message: `Cannot run /bin/sh in ${gone}: it does not exist`,
    },
    {
      settings: { shell: 'true', working_directory: closed },
      message: `Cannot run /bin/sh in ${closed}: it does not exist`,
    },
  ]
  for (const { settings, message } of cases) t.match(await runOnce(probe(settings)), { status: 'unhealthy', message })
})

t.test('exec runs where it is told to, also when that goes away and comes back', async (t) => {
  t.match(await runOnce(probe({ shell: 'pwd' })), { message: '/' })
  const work = join(folder, 'work')
  mkdirSync(work)
  const one = probe({ shell: 'pwd', working_directory: work })
  t.match(await runOnce(one), { status: 'healthy', message: work })
  rmSync(work, { recursive: true })
  t.match(await runOnce(one), { status: 'unhealthy' })
  mkdirSync(work)
  t.match(await runOnce(one), { status: 'healthy', message: work })
})

t.test('exec gives a program a clean environment', async (t) => {
  const agent = {
    PATH: process.env.PATH,
    HOME: '/var/lib/agent',
    LANG: 'de_DE.UTF-8',
    LC_TIME: 'C',
    TZ: 'Europe/Berlin',
    NOTIFY_SOCKET: '/run/systemd/notify',
    WATCHDOG_USEC: '1',
    WATCHDOG_PID: '1',
    LISTEN_FDS: '1',
    NODE_OPTIONS: '--inspect',
    LD_PRELOAD: '/x.so',
    OBS_TOKEN: 'canary',
    CREDENTIALS_DIRECTORY: '/run/credentials',
    LC_all: 'x',
  }
  const path = script('env', '#!/bin/sh\nenv | grep -v "^\\(PWD\\|OLDPWD\\|SHLVL\\|_\\)=" | sort | tr "\\n" " "\n')
  const names = async (environment: Record<string, string | undefined>, env: Record<string, string> = {}) =>
    (await runOnce(probe({ command: [path], env }, environment))).message
  const own = `HOME=/var/lib/agent LANG=de_DE.UTF-8 LC_TIME=C PATH=${process.env.PATH} TZ=Europe/Berlin`
  t.equal(await names(agent), own)
  t.equal(
    await names(agent, { B: 'two words', A: '', TZ: 'UTC' }),
    `A= B=two words ${own.replace('Europe/Berlin', 'UTC')}`,
  )
  t.equal(await names({}), 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin')
})

t.test('exec shows no secret as what it probes', async (t) => {
  t.equal(probe({ shell: 'curl -u me:canary x' }).target, 'check')
  t.equal(probe({ command: ['/usr/bin/check', '--password', 'canary'] }).target, '/usr/bin/check')
})

t.test('exec settings refuse what cannot be run', async (t) => {
  const cases = [
    { settings: {}, message: /one of command and shell, got none/ },
    { settings: { command: ['x'], shell: 'x' }, message: /one of command and shell, got both/ },
    { settings: { command: [] }, message: /./ },
    { settings: { command: [''] }, message: /an absolute path/ },
    { settings: { command: ['./x'] }, message: /an absolute path/ },
    { settings: { command: 'x y' }, message: /./ },
    { settings: { command: ['x', 'a\0b'] }, message: /./ },
    { settings: { shell: 'x', env: { 'A-B': 'x' } }, message: /./ },
  ]
  for (const { settings, message } of cases) t.throws(() => probe(settings), message)
})
