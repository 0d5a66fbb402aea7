import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { NoData } from '../../src/host/collector.ts'
import { createSystemdCollector, parseUnits } from '../../src/host/collectors/systemd.ts'
import { collected, only, scriptOf, treeOf } from './samples.ts'

const UNITS = `  cron.service loaded active running Regular background program processing daemon
  -.mount loaded active mounted Root Mount
  dev-sda.device loaded active plugged A disk
● app@1.service loaded failed failed The app, first
  foo.service not-found inactive dead foo.service
  getty@tty1.service loaded activating auto-restart Getty on tty1
  system-getty.slice loaded active active Slice /system/getty
  multi-user.target loaded active active Multi-User System
  user@0.service loaded deactivating stop-sigterm User Manager for UID 0
  dm-event.socket loaded inactive dead Device-mapper event daemon FIFOs
  new\\x2dstate.service loaded refreshing running In a state that nobody knew
`
const SERVICES = `NRestarts=2
Id=cron.service
Type=simple

Id=app@1.service
Type=notify
NRestarts=5

Id=getty@tty1.service
Type=idle
NRestarts=[not set]
`
const MANAGER = 'Version=252.38-1~deb12u1\nSystemState=degraded\n'

/** A systemctl that prints what it is told to. */
const systemctl = ({ units = UNITS, services = SERVICES, manager = MANAGER }) => `
case "$*" in
list-units*--all*) cat <<'EOF'
${units}EOF
;;
show*--type=service*) cat <<'EOF'
${services}EOF
;;
*) cat <<'EOF'
${manager}EOF
esac`

/** A collector on a host that systemd runs. */
async function collectorOf(t: Test, script: string) {
  const program = await scriptOf(t, script)
  const root = join(dirname(program), 'root')
  await mkdir(join(root, 'run/systemd/system'), { recursive: true })
  return createSystemdCollector({ proc: '/proc', sys: '/sys', root }, { program })
}

t.test('units have one state each, and the excluded types have none', async (t) => {
  const values = await collected(await collectorOf(t, systemctl({})))
  t.same(only(values, 'node_systemd_unit_state{name="cron.service"'), {
    'node_systemd_unit_state{name="cron.service",state="active",type="simple"}': 1,
    'node_systemd_unit_state{name="cron.service",state="activating",type="simple"}': 0,
    'node_systemd_unit_state{name="cron.service",state="deactivating",type="simple"}': 0,
    'node_systemd_unit_state{name="cron.service",state="failed",type="simple"}': 0,
    'node_systemd_unit_state{name="cron.service",state="inactive",type="simple"}': 0,
  })
  const current = Object.keys(only(values, 'node_systemd_unit_state')).filter((series) => values[series] === 1)
  t.same(current.sort(), [
    'node_systemd_unit_state{name="app@1.service",state="failed",type="notify"}',
    'node_systemd_unit_state{name="cron.service",state="active",type="simple"}',
    'node_systemd_unit_state{name="dm-event.socket",state="inactive",type=""}',
    'node_systemd_unit_state{name="getty@tty1.service",state="activating",type="idle"}',
    'node_systemd_unit_state{name="multi-user.target",state="active",type=""}',
    'node_systemd_unit_state{name="user@0.service",state="deactivating",type=""}',
  ])
  t.same(only(values, 'node_systemd_unit_state{name="foo.service"'), {}, 'a unit that is not loaded has no state')
})

t.test('restarts, the summary of all units, the system and its version are told', async (t) => {
  const values = await collected(await collectorOf(t, systemctl({})))
  t.same(only(values, 'node_systemd_service_restart_total'), {
    'node_systemd_service_restart_total{name="cron.service"}': 2,
    'node_systemd_service_restart_total{name="app@1.service"}': 5,
  })
  t.same(only(values, 'node_systemd_units'), {
    'node_systemd_units{state="active"}': 5,
    'node_systemd_units{state="refreshing"}': 1,
    'node_systemd_units{state="activating"}': 1,
    'node_systemd_units{state="deactivating"}': 1,
    'node_systemd_units{state="failed"}': 1,
    'node_systemd_units{state="inactive"}': 2,
  })
  t.equal(values.node_systemd_system_running, 0)
  t.equal(values['node_systemd_version{version="252.38-1~deb12u1"}'], 252.38)
  const running = await collected(await collectorOf(t, systemctl({ manager: 'SystemState=running\n' })))
  t.equal(running.node_systemd_system_running, 1)
  t.same(only(running, 'node_systemd_version'), {})
})

t.test('a host that systemd does not run, or without systemctl, has no units', async (t) => {
  await t.rejects(collected(createSystemdCollector(await treeOf(t, {}))), NoData)
  const roots = await treeOf(t, { 'root/run/systemd/system/.keep': '' })
  await t.rejects(collected(createSystemdCollector(roots, { program: '/no/such/systemctl' })), NoData)
})

const failures: Record<string, { script: string; message: RegExp }> = {
  'is refused by the bus': {
    script: 'echo "Failed to list units: Connection refused" >&2; exit 1',
    message: /Failed to list units: Connection refused/,
  },
  'fails without a word': { script: 'exit 4', message: /it ended with 4/ },
  'prints 10 MB': { script: 'head -c 10000000 /dev/zero | tr "\\0" x', message: /printed too much/ },
  'prints garbage': { script: 'head -c 5000 /dev/urandom', message: /lists no units/ },
  'prints nothing': { script: 'exit 0', message: /lists no units/ },
}
for (const [what, { script, message }] of Object.entries(failures)) {
  t.test(`a systemctl that ${what} is an error`, async (t) => {
    await t.rejects(collected(await collectorOf(t, script)), { message })
  })
}

t.test('a systemctl that hangs is given up on abort', async (t) => {
  const collector = await collectorOf(t, 'exec sleep 60')
  await t.rejects(collected(collector, AbortSignal.timeout(200)), { message: /no answer in time/ })
})

t.test('garbage among units is left out', (t) => {
  const text =
    'cron.service loaded active running x\n\n\0\n10 units listed.\nnonsense\nx.service loaded\na.timer loaded active waiting\n'
  t.same(
    parseUnits(text).map(({ name }) => name),
    ['cron.service', 'a.timer'],
  )
  t.end()
})
