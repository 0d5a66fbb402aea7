import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { systemdProbe } from '../../src/config/probes/systemd.ts'
import { createSystemdProbe } from '../../src/probes/kinds/systemd.ts'
import { systemClock } from '../../src/run/clock.ts'
import { missing } from '../systemd/missing.ts'
import { runOnce, temporaryFolder } from './local-rig.ts'

const folder = temporaryFolder()
const systemctl = join(folder, 'systemctl')
const asked = join(folder, 'asked')

/** A systemctl that answers so, as one of systemd 252 does. */
function answering(script: string): void {
  writeFileSync(
    systemctl,
    `#!/bin/sh\nfor word in "$@"; do echo "$word"; done > ${asked}\nenv >> ${asked}\n${script}\n`,
  )
  chmodSync(systemctl, 0o755)
}

function showing(properties: Readonly<Record<string, string | number>>): void {
  const lines = Object.entries({ LoadState: 'loaded', ...properties }).map(([name, value]) => `${name}=${value}`)
  answering(`cat <<'END'\n${lines.join('\n')}\nEND`)
}

const probe = (
  settings: Record<string, unknown> = {},
  deps: { systemctl?: string; environment?: Record<string, string> } = { systemctl },
) =>
  createSystemdProbe(systemdProbe.parse({ type: 'systemd', unit: 'nginx.service', ...settings }), {
    clock: systemClock,
    environment: process.env,
    ...deps,
  })

const active = {
  ActiveState: 'active',
  SubState: 'running',
  Result: 'success',
  NRestarts: 2,
  ExecMainCode: 0,
  ExecMainStatus: 0,
}
const failed = {
  ...active,
  ActiveState: 'failed',
  SubState: 'failed',
  Result: 'exit-code',
  ExecMainCode: 1,
  ExecMainStatus: 203,
}
const inactive = { ...active, ActiveState: 'inactive', SubState: 'dead' }

t.test('systemd judges each state of a unit', async (t) => {
  const stopped = { expect: 'inactive' }
  const cases = [
    { shows: active, status: 'healthy', message: 'active (running)' },
    { shows: { ActiveState: 'active', SubState: 'waiting' }, status: 'healthy', message: 'active (waiting)' },
    {
      shows: { ...active, ActiveState: 'reloading', SubState: 'reload' },
      status: 'healthy',
      message: 'reloading (reload)',
    },
    {
      shows: { ...active, ActiveState: 'activating', SubState: 'auto-restart' },
      status: 'degraded',
      message: 'activating (auto-restart), expected active',
    },
    {
      shows: { ...active, ActiveState: 'deactivating', SubState: 'stop' },
      status: 'degraded',
      message: 'deactivating (stop), expected active',
    },
    { shows: failed, status: 'unhealthy', message: 'failed (failed): result exit-code, last exit code 203' },
    {
      shows: { ...failed, Result: 'signal', ExecMainCode: 2, ExecMainStatus: 9 },
      status: 'unhealthy',
      message: 'failed (failed): result signal, last killed by signal 9',
    },
    {
      shows: { ...failed, Result: 'core-dump', ExecMainCode: 3, ExecMainStatus: 11 },
      status: 'unhealthy',
      message: 'failed (failed): result core-dump, last killed by signal 11',
    },
    {
      shows: { ActiveState: 'failed', SubState: 'failed', Result: 'resources' },
      status: 'unhealthy',
      message: 'failed (failed): result resources',
    },
    { shows: inactive, status: 'unhealthy', message: 'inactive (dead), expected active' },
    {
      shows: { ...inactive, LoadState: 'not-found' },
      status: 'unhealthy',
      message: 'there is no such unit (not-found)',
    },
    {
      shows: { ...inactive, LoadState: 'masked' },
      status: 'unhealthy',
      message: 'inactive (dead), masked, expected active',
    },
    {
      shows: { ...inactive, LoadState: 'bad-setting' },
      status: 'unhealthy',
      message: 'inactive (dead), bad-setting, expected active',
    },
    { settings: stopped, shows: inactive, status: 'healthy', message: 'inactive (dead)' },
    {
      settings: stopped,
      shows: { ...inactive, LoadState: 'masked' },
      status: 'healthy',
      message: 'inactive (dead), masked',
    },
    { settings: stopped, shows: active, status: 'unhealthy', message: 'active (running), expected inactive' },
    { settings: stopped, shows: failed, status: 'unhealthy' },
    { settings: stopped, shows: { ...inactive, LoadState: 'not-found' }, status: 'unhealthy' },
  ]
  for (const { settings = {}, shows, ...expected } of cases) {
    showing(shows)
    t.match(await runOnce(probe(settings)), expected)
  }
})

t.test('systemd notices that a unit is started again and again', async (t) => {
  const one = probe()
  const runs = [
    { restarts: 2, status: 'healthy', message: 'active (running)' },
    { restarts: 2, status: 'healthy', message: 'active (running)' },
    { restarts: 3, status: 'degraded', message: 'restarted 1 time since the run before, 3 in all' },
    { restarts: 7, status: 'degraded', message: 'restarted 4 times since the run before, 7 in all' },
    { restarts: 0, status: 'healthy', message: 'active (running)' },
    { restarts: 1, status: 'degraded', message: 'restarted 1 time since the run before, 1 in all' },
  ]
  for (const { restarts, ...expected } of runs) {
    showing({ ...active, NRestarts: restarts })
    t.match(await runOnce(one), expected)
  }
})

t.test('systemd asks for one unit, in a clean environment', async (t) => {
  showing(active)
  await runOnce(
    probe(
      { unit: 'backup@daily-1.timer' },
      { systemctl, environment: { PATH: '/usr/bin:/bin', NOTIFY_SOCKET: '/x', TOKEN: 'canary' } },
    ),
  )
  const words = readFileSync(asked, 'utf8').split('\n')
  t.same(words.slice(0, 2), ['show', '--no-pager'])
  t.same(words.slice(words.indexOf('--'), words.indexOf('--') + 2), ['--', 'backup@daily-1.timer'])
  t.notMatch(words.join('\n'), /NOTIFY_SOCKET|canary/)
  for (const unit of ['-H', '--host=x', 'a b', '*', 'a/b', '']) t.throws(() => probe({ unit }), unit)
})

t.test('systemd that cannot be asked is unknown, with the reason', async (t) => {
  const cases = [
    {
      script: 'echo "Failed to connect to bus: Host is down" >&2; exit 1',
      message: 'systemctl cannot tell: Failed to connect to bus: Host is down',
    },
    { script: 'exit 4', message: 'systemctl cannot tell: exit code 4' },
    { script: 'echo nonsense', message: 'systemctl cannot tell: exit code 0' },
    { script: 'kill -9 $$', message: 'systemctl was killed by SIGKILL' },
    { script: 'yes', message: 'systemctl printed more than 1 MiB' },
  ]
  for (const { script, message } of cases) {
    answering(script)
    t.match(await runOnce(probe()), { status: 'unknown', message })
  }
  const missingOne = probe({}, { systemctl: join(folder, 'none') })
  t.match(await runOnce(missingOne), {
    status: 'unknown',
    message: `Cannot run ${join(folder, 'none')}: it does not exist`,
  })
  t.match(await runOnce(probe({}, { environment: { PATH: `${folder}/nowhere` } })), {
    status: 'unknown',
    message: 'Cannot run systemctl: there is no program of this name in PATH',
  })
  answering('sleep 600')
  await t.rejects(runOnce(probe(), { timeoutMs: 50 }), { name: 'TimeoutError' })
})

t.test('systemd asks the systemctl of this host', { skip: missing('systemctl') }, async (t) => {
  const { status, message } = await runOnce(probe({ unit: 'obs-agent-no-such-unit.service' }, {}))
  t.ok(
    /^systemctl cannot tell: \S/.test(message)
      ? status === 'unknown'
      : message === 'there is no such unit (not-found)' && status === 'unhealthy',
    message,
  )
})
