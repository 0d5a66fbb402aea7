import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import type { HealthResponse } from '../../src/model/health.ts'
import { projectFolder } from './checkout.ts'
import { runInContainer } from './container.ts'
import { missing } from './missing.ts'

const run = promisify(execFile)
const bootMs = 90_000
t.setTimeout(bootMs + 60_000)

/** The checkout as an operator has it after `npm ci && npm run build`. */
async function buildCheckout(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'obs-agent-checkout-'))
  t.teardown(() => rm(folder, { recursive: true }))
  for (const path of ['systemd', 'config', 'package.json', 'package-lock.json', 'README.md', 'LICENSE']) {
    await cp(join(projectFolder, path), join(folder, path), { recursive: true, preserveTimestamps: true })
  }
  await mkdir(join(folder, 'node_modules')) // Its content is mounted.
  const compiler = join(projectFolder, 'node_modules/.bin/tsc')
  await run(compiler, ['-p', projectFolder, '--noEmit', 'false', '--outDir', join(folder, 'dist')])
  return folder
}

/** Every step leaves a fact; `set -e` ends the script at the first that fails. */
const script = `
set -eux
trap 'journalctl --unit obs-agent --no-pager --output cat' EXIT
echo 'seen by the group adm only' >/var/log/app.log
chown root:adm /var/log/app.log
chmod 640 /var/log/app.log

sh /checkout/systemd/install.sh --start
systemctl is-active obs-agent >/facts/active
systemctl show obs-agent --property StatusText --value >/facts/status
curl --silent --show-error --max-time 10 http://127.0.0.1:9610/health >/facts/health
curl --silent --show-error --max-time 10 http://127.0.0.1:9610/metrics >/facts/metrics
timeout 20 bash -c 'until curl --silent --max-time 10 http://127.0.0.1:9610/metrics | tee /facts/samples | grep --quiet ^node_load1; do sleep 0.2; done'
stat --format '%a %U:%G' /var/lib/obs-agent >/facts/state
timeout 15 bash -c 'until grep "seen by the group adm only" /var/lib/obs-agent/shipped.ndjson; do sleep 0.1; done' >/facts/shipped
find /var/lib/obs-agent -type f -perm /077 >/facts/open-files

systemctl reload obs-agent
cp /etc/obs-agent/agent.yaml /root/agent.yaml
echo 'no_such_key: 1' >>/etc/obs-agent/agent.yaml
if systemctl reload obs-agent; then echo taken; else echo refused; fi >/facts/bad-reload
systemctl is-active obs-agent >/facts/active-after-reloads
if systemctl restart obs-agent; then echo taken; else echo refused; fi >/facts/bad-restart
systemctl show obs-agent --property ActiveState --property NRestarts --property ExecMainStatus >/facts/after-bad-restart
cp /root/agent.yaml /etc/obs-agent/agent.yaml
systemctl start obs-agent

sh /checkout/systemd/install.sh >/facts/second-install
systemctl stop obs-agent
systemctl show obs-agent --property ActiveState --property Result --property ExecMainStatus >/facts/stopped
sh /checkout/systemd/uninstall.sh --purge
find / -xdev -name '*obs-agent*' -not -path '/checkout/*' -not -path '/proc/*' -not -path '/run/*' -not -path '/var/log/*' >/facts/left
`

t.test(
  'the unit under a real systemd starts, reloads, stops and goes',
  { skip: missing('root', 'systemd-nspawn', 'curl') },
  async (t) => {
    const folder = await buildCheckout(t)
    const { output, fact } = await runInContainer(t, {
      script,
      binds: { '/checkout': folder, '/checkout/node_modules': join(projectFolder, 'node_modules') },
      timeoutMs: bootMs,
    })
    t.comment(output)
    t.equal(await fact('active'), 'active\n')
    t.match(await fact('status'), /\w/, 'systemctl status has a line from the agent')
    const health = JSON.parse(await fact('health')) as HealthResponse
    t.match(health, { version: /^\d+\.\d+\.\d+/ })
    // However full the disks are of the machine that runs the tests.
    const bad = health.checks.filter(({ name, status }) => status === 'unhealthy' && !/^(disk:|memory)/.test(name))
    t.strictSame(bad, [])
    const failed = (await fact('samples')).match(/^node_scrape_collector_success\{.*\} 0$/gm) ?? []
    t.strictSame(failed, [], 'the unit lets every collector collect')
    t.match(await fact('metrics'), /^# TYPE /m)
    t.match(await fact('shipped'), /"file":"\/var\/log\/app\.log"/, 'a log of the group adm is read and shipped')
    t.equal(await fact('state'), '700 obs-agent:obs-agent\n')
    t.equal(await fact('open-files'), '', 'nobody else can read what is stored')
    t.equal(await fact('bad-reload'), 'refused\n')
    t.equal(await fact('active-after-reloads'), 'active\n')
    t.equal(await fact('bad-restart'), 'refused\n')
    t.match(await fact('after-bad-restart'), /^NRestarts=0\nExecMainStatus=78\nActiveState=failed$/m)
    t.match(await fact('second-install'), /nothing changed/)
    t.match(await fact('stopped'), /^Result=success\nExecMainStatus=0\nActiveState=inactive$/m)
    t.equal(await fact('left'), '')
  },
)
