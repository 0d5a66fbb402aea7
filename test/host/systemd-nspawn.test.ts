import { realpath } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import t from 'tap'
import { parseTextFormat } from '../../src/host/text-format.ts'
import { projectFolder } from '../systemd/checkout.ts'
import { runInContainer } from '../systemd/container.ts'
import { missing } from '../systemd/missing.ts'
import { only, valuesOf } from './samples.ts'

const bootMs = 60_000
t.setTimeout(bootMs + 60_000)

/** Of the same moment: what the collector says, and what node_exporter does, which asks systemd itself and not systemctl. */
const script = `
set -eux
cat >/etc/systemd/system/failing.service <<'X'
[Service]
Type=oneshot
ExecStart=/bin/false
X
cat >/etc/systemd/system/restarting.service <<'X'
[Unit]
StartLimitBurst=3
[Service]
ExecStart=/bin/false
Restart=on-failure
RestartSec=10ms
X
systemctl daemon-reload
systemctl start failing.service || true
systemctl start restarting.service
timeout 15 bash -c 'until systemctl is-failed restarting.service; do sleep 0.1; done'

flags='--collector.disable-defaults --web.disable-exporter-metrics --web.listen-address=127.0.0.1:9100'
prometheus-node-exporter $flags --collector.systemd --collector.systemd.private --collector.systemd.enable-restarts-metrics &
timeout 15 bash -c 'until curl --silent --output /dev/null http://127.0.0.1:9100/; do sleep 0.1; done'
cat >/root/print.ts <<'X'
import { createSystemdCollector } from '/checkout/src/host/collectors/systemd.ts'
import { renderMetrics } from '/checkout/src/metrics/exposition.ts'
const collector = createSystemdCollector({ proc: '/proc', sys: '/sys', root: '/' })
const startMs = performance.now()
const families = await collector.collect(AbortSignal.timeout(10_000))
console.error('collected in', performance.now() - startMs, 'ms')
process.stdout.write(renderMetrics(families, 'prometheus'))
X
/node/node /root/print.ts >/facts/ours
curl --silent --show-error --max-time 10 http://127.0.0.1:9100/metrics >/facts/theirs
kill %1
wait %1 || true # What is left running when the script ends can hold up the end of its unit.
`

t.test(
  'units under a real systemd are as node_exporter has them',
  { skip: missing('root', 'systemd-nspawn', 'curl', 'prometheus-node-exporter') },
  async (t) => {
    const { output, fact } = await runInContainer(t, {
      script,
      binds: { '/checkout/src': join(projectFolder, 'src'), '/node': dirname(await realpath(process.execPath)) },
      timeoutMs: bootMs,
    })
    t.comment(output)
    const read = async (name: string) => {
      const parsed = parseTextFormat(await fact(name), { maxSamples: 10_000 })
      if (parsed.kind === 'bad') throw new Error(`line ${parsed.line}: ${parsed.reason}`)
      return valuesOf(parsed.families)
    }
    const [ours, theirs] = [await read('ours'), await read('theirs')]
    t.equal(ours['node_systemd_unit_state{name="failing.service",state="failed",type="oneshot"}'], 1)
    t.equal(ours['node_systemd_unit_state{name="restarting.service",state="failed",type="simple"}'], 1)
    t.equal(ours['node_systemd_service_restart_total{name="restarting.service"}'], 3)
    t.equal(ours.node_systemd_system_running, 0, 'it starts still, or is degraded')
    // Version 1.5 left out targets as well.
    const states = Object.entries(only(ours, 'node_systemd_unit_state')).filter(
      ([series]) => !/name="[^"]*\.target"/.test(series),
    )
    t.ok(states.length > 100)
    t.same(Object.fromEntries(states), only(theirs, 'node_systemd_unit_state'))
    for (const family of ['node_systemd_service_restart_total', 'node_systemd_units', 'node_systemd_version']) {
      t.same(only(ours, family), only(theirs, family), family)
    }
  },
)
