import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { NoData } from '../../src/host/collector.ts'
import { moreLinuxCollectors } from '../../src/host/linux-more.ts'
import { parseTextFormat } from '../../src/host/text-format.ts'
import type { FamilySamples } from '../../src/metrics/exposition.ts'
import { missing } from '../systemd/missing.ts'
import { machine, valuesOf } from './samples.ts'

/** The real node_exporter and ours, both looking at the same recorded hosts. */

const EXPORTER = 'prometheus-node-exporter'
const COLLECTORS = ['mdadm', 'bonding', 'hwmon', 'edac', 'os', 'dmi', 'thermal_zone', 'cpufreq', 'textfile']

interface Difference {
  /** Of series, as `seriesName` writes them. */
  readonly series: RegExp
  readonly side: 'ours only' | 'theirs only' | 'value'
  readonly why: string
}

/** What differs from node_exporter 1.5 on purpose; each must occur. */
// biome-ignore format: a table
const DIFFERENCES: readonly Difference[] = [
  { series: /^node_hwmon_\w+_alarm_\w+\{/, side: 'value', why: 'an alarm is 0 or 1, as rules ask (`== 1`), not a thousandth' },
  { series: /^node_md_disks\{.*state="down"/, side: 'ours only', why: 'places without a disk that works; newer versions tell of them' },
  { series: /^node_md_state\{.*state="reshape"/, side: 'ours only', why: 'an array that is reshaped is not at rest' },
  { series: /^node_cpu_scaling_governor\{/, side: 'ours only', why: 'as newer versions have it' },
  { series: /^node_os_support_end_timestamp_seconds$/, side: 'ours only', why: 'as newer versions have it' },
  { series: /^node_dmi_info\{(?!.*(serial|uuid))/, side: 'ours only', why: 'without serial numbers and UUID' },
  { series: /^node_dmi_info\{.*(serial|uuid)/, side: 'theirs only', why: 'without serial numbers and UUID' },
]

const used = new Set<Difference>()

for (const name of ['raid-bond', 'many-cores']) {
  t.test(
    `on ${name} everything is as node_exporter has it, but for what differs on purpose`,
    { skip: missing(EXPORTER) },
    async (t) => {
      const [ours, theirs] = [await sampled(name), await scraped(t, name)]
      const [our, their] = [valuesOf(ours), valuesOf(theirs)]
      t.ok(Object.keys(their).length > 20)
      const unexpected: string[] = []
      for (const series of new Set([...Object.keys(our), ...Object.keys(their)])) {
        if (Object.is(our[series], their[series])) continue
        const side = !(series in their) ? 'ours only' : !(series in our) ? 'theirs only' : 'value'
        const known = DIFFERENCES.find((one) => one.side === side && one.series.test(series))
        if (known) used.add(known)
        else unexpected.push(`${side}: ${series} ${our[series]} ${their[series]}`)
      }
      t.same(unexpected, [])
      const types = (families: readonly FamilySamples[]) => new Map(families.map(({ name, type }) => [name, type]))
      const theirTypes = types(theirs)
      for (const [family, type] of types(ours))
        if (theirTypes.has(family)) t.equal(type, theirTypes.get(family), family)
    },
  )
}

t.test('every difference on purpose occurs', { skip: missing(EXPORTER) }, (t) => {
  t.same(
    DIFFERENCES.filter((one) => !used.has(one)).map(({ why }) => why),
    [],
  )
  t.end()
})

async function sampled(name: string): Promise<FamilySamples[]> {
  const roots = machine(name)
  const textfile = { folder: textfiles(name), isTaken: () => false }
  const families: FamilySamples[] = []
  for (const collector of moreLinuxCollectors(roots, { textfile }, { onProblem: () => {} })) {
    if (!COLLECTORS.includes(collector.name)) continue
    try {
      families.push(...(await collector.collect(AbortSignal.timeout(10_000))))
    } catch (error) {
      if (!(error instanceof NoData)) throw error
    }
  }
  return families
}

function textfiles(name: string): string {
  return join(machine(name).root, 'var/lib/node-exporter')
}

async function scraped(t: Test, name: string): Promise<FamilySamples[]> {
  const { proc, sys, root } = machine(name)
  const port = await freePort()
  const flags = COLLECTORS.map((collector) => `--collector.${collector}`)
  const child = spawn(
    EXPORTER,
    [
      ...[
        `--path.procfs=${proc}`,
        `--path.sysfs=${sys}`,
        `--path.rootfs=${root}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      ...['--web.disable-exporter-metrics', '--collector.disable-defaults', ...flags],
      `--collector.textfile.directory=${textfiles(name)}`,
    ],
    { stdio: 'ignore' },
  )
  const ended = once(child, 'exit')
  t.teardown(async () => {
    child.kill()
    await ended
  })
  const parsed = parseTextFormat(await answering(`http://127.0.0.1:${port}/metrics`), { maxSamples: 10_000 })
  if (parsed.kind === 'bad') throw new Error(`line ${parsed.line}: ${parsed.reason}`)
  return parsed.families.filter(({ name }) => !/^(node_scrape|node_exporter_build|promhttp)/.test(name))
}

async function answering(url: string): Promise<string> {
  for (let tries = 0; ; tries++) {
    try {
      return await (await fetch(url)).text()
    } catch (error) {
      if (tries > 200) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('Cannot find a free port')
  return address.port
}
