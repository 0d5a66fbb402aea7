import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { memoryProbe } from '../../src/config/probes/memory.ts'
import { createMemoryProbe } from '../../src/probes/kinds/memory.ts'
import { missing } from '../systemd/missing.ts'
import { checkMetrics, runOnce, temporaryFolder, valueIn } from './local-rig.ts'

const probe = (proc: string, settings: Record<string, unknown> = {}) =>
  createMemoryProbe(memoryProbe.parse({ type: 'memory', ...settings }), { name: 'memory', proc })

interface Recorded {
  readonly available?: number
  readonly swapFree?: number
  /** Files of the own control group. */
  readonly group?: Readonly<Record<string, string>>
}

/** A /proc of a host with 1000 kB of memory and 100 kB of swap. */
function recorded({ available = 500, swapFree = 100, group }: Recorded = {}): string {
  const root = temporaryFolder()
  mkdirSync(join(root, 'self'))
  const lines = ['MemTotal: 1000 kB', 'MemFree: 10 kB', `MemAvailable: ${available} kB`]
  writeFileSync(join(root, 'meminfo'), [...lines, 'SwapTotal: 100 kB', `SwapFree: ${swapFree} kB`, ''].join('\n'))
  const mount = join(root, 'with blank')
  writeFileSync(join(root, 'self/cgroup'), group ? '1:name=systemd:/x\n0::/a.slice/b.service\n' : '4:memory:/x\n')
  const mountinfo = `30 23 0:26 / ${mount.replace(' ', '\\040')} rw,nosuid shared:4 - cgroup2 cgroup2 rw\n`
  writeFileSync(join(root, 'self/mountinfo'), group ? mountinfo : '')
  mkdirSync(join(mount, 'a.slice/b.service'), { recursive: true })
  for (const [name, text] of Object.entries(group ?? {})) writeFileSync(join(mount, 'a.slice/b.service', name), text)
  return root
}

t.test('memory holds what is not available against its levels', async (t) => {
  const cases = [
    { available: 200, status: 'healthy', message: '80% of memory used, 200 KiB available' },
    { available: 199, status: 'degraded', message: '80.1% of memory used, 199 KiB available, expected at most 80%' },
    { available: 100, status: 'degraded', message: /^90%/ },
    { available: 99, status: 'unhealthy', message: /expected at most 90%$/ },
  ]
  for (const { available, status, message } of cases) {
    const finding = await runOnce(probe(recorded({ available })))
    t.match(finding, { status, message })
    t.equal(valueIn(finding, 'probe_memory_used_ratio'), (1000 - available) / 1000)
    t.equal(valueIn(finding, 'probe_memory_available_bytes'), available * 1024)
  }
})

t.test('memory minds the swap when asked to', async (t) => {
  const proc = recorded({ swapFree: 20 })
  t.match(await runOnce(probe(proc)), { status: 'healthy' })
  t.match(await runOnce(probe(proc, { swap_degraded: '50%' })), {
    status: 'degraded',
    message: '80% of swap used, expected at most 50%',
  })
})

t.test('memory judges the limit of the own control group, without pages that can be dropped', async (t) => {
  const group = {
    'memory.max': '1048576\n',
    'memory.current': '1048576\n',
    'memory.stat': 'anon 1\ninactive_file 104858\nactive_file 3\n',
  }
  const finding = await runOnce(probe(recorded({ group }), { cgroup: 'true' }))
  t.match(finding, {
    status: 'degraded',
    message: /^90% of memory used, 102\.4 KiB available of the limit of \/a\.slice\/b\.service, expected/,
  })
  t.equal(valueIn(finding, 'probe_memory_available_bytes'), 104858)
  t.match(await runOnce(probe(recorded({ group }))), { status: 'healthy' }, 'the host is judged otherwise')
})

t.test('memory says that there is no limit, and judges the host then', async (t) => {
  const unlimited = { 'memory.max': 'max\n', 'memory.current': '5\n', 'memory.stat': '' }
  const cases = [
    { group: unlimited, message: /of the host, since the control group \/a\.slice\/b\.service has no limit$/ },
    { group: {}, message: /since the control group \/a\.slice\/b\.service has no memory controller$/ },
    { group: undefined, message: /since there are no control groups of version 2$/ },
  ]
  for (const { group, message } of cases) {
    const proc = recorded(group ? { group } : {})
    t.match(await runOnce(probe(proc, { cgroup: 'true' })), { status: 'healthy', message })
  }
})

t.test('memory of this very host', { skip: missing('promtool') }, async (t) => {
  const finding = await runOnce(probe('/proc', { cgroup: 'true', degraded: '100%', unhealthy: '100%' }))
  t.match(finding, { status: 'healthy', message: /% of memory used/ })
  const ratio = valueIn(finding, 'probe_memory_used_ratio') ?? 0
  t.ok(ratio > 0 && ratio < 1)
  checkMetrics(finding.families)
})

t.test('memory settings refuse levels that are upside down', async (t) => {
  t.throws(() => memoryProbe.parse({ type: 'memory', degraded: '95%' }), /at most what unhealthy is/)
})
