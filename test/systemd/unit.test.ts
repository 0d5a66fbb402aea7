import { execFile } from 'node:child_process'
import { access, cp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { agentSchema } from '../../src/config/schema.ts'
import { parseDuration } from '../../src/config/units.ts'
import { makeCheckout } from './checkout.ts'
import { missing } from './missing.ts'
import { unitPath, unitWords } from './unit-file.ts'

const run = promisify(execFile)
const skip = missing('systemd-analyze')

t.test('the unit holds nothing systemd does not know', { skip: skip || missing('root') }, async (t) => {
  const { root, script } = await makeCheckout(t)
  await script('install.sh')
  await cp('/usr/lib/systemd/system', join(root, 'usr/lib/systemd/system'), { recursive: true, verbatimSymlinks: true })
  const analyze = ['verify', '--man=no', `--root=${root}`, 'obs-agent.service']
  const { stdout, stderr } = await run('systemd-analyze', analyze, { timeout: 30_000 })
  t.equal(stdout + stderr, '')
})

t.test('the unit exposes the host no more than 1.5', { skip }, async (t) => {
  const analyze = ['security', '--offline=true', '--no-pager', '--threshold=15', unitPath]
  const { stdout } = await run('systemd-analyze', analyze, { timeout: 30_000 })
  t.match(stdout, /Overall exposure level for obs-agent.service: [01]\.\d OK/)
})

t.test('the unit waits longer for the end than the agent drains', async (t) => {
  const [words = ''] = await unitWords('TimeoutStopSec')
  const timeout = parseDuration(words)
  t.equal(timeout.kind, 'ok')
  if (timeout.kind === 'ok') t.ok(timeout.value >= agentSchema.parse({}).drainMs + 10_000, 'and 10 s to spare')
})

t.test('the unit names files that install.sh installs', async (t) => {
  const { root, script } = await makeCheckout(t)
  await script('install.sh')
  const [start, reload, exec] = [
    await unitWords('ExecStart'),
    await unitWords('ExecReload'),
    await unitWords('ExecPaths'),
  ]
  const ours = [...start, ...reload, ...exec].filter((word) => word.startsWith('/opt') || word.startsWith('/etc'))
  t.ok(ours.length >= 7)
  for (const path of new Set(ours)) await t.resolves(access(join(root, path)), path)
  t.strictSame(await unitWords('Environment'), ['OBS_AGENT_DATA_DIR=/var/lib/obs-agent'])
  t.strictSame(await unitWords('StateDirectory'), ['obs-agent'])
  await t.resolves(access(join(root, 'var/lib/obs-agent')))
})

t.test('the unit lets the agent listen on the port of its default configuration', async (t) => {
  const port = agentSchema.parse({}).api.listen.split(':').at(-1)
  t.strictSame(await unitWords('SocketBindAllow'), [`ipv4:tcp:${port}`, `ipv6:tcp:${port}`])
})

t.test('the unit does not check before it starts, for a failed check would be tried again for ever', async (t) => {
  // RestartPreventExitStatus= looks at the main process only (seen on systemd 252: four restarts in six seconds).
  t.notMatch(await readFile(unitPath, 'utf8'), /^ExecStartPre=/m)
  t.strictSame(await unitWords('RestartPreventExitStatus'), ['78'])
})
