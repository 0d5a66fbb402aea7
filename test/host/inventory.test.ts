import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism, hostname, release, totalmem } from 'node:os'
import { promisify } from 'node:util'
import t from 'tap'
import { readInventory } from '../../src/host/inventory.ts'
import { kernelFacts } from '../../src/host/kernel-facts.ts'
import { cgroupLimits } from '../../src/host/take-inventory.ts'
import { machine, treeOf } from './samples.ts'

t.test('the inventory tells what this host is, and nothing that should stay here', async (t) => {
  const inventory = await readInventory(AbortSignal.timeout(30_000))
  t.match(inventory, {
    kernel: release(),
    host_name: hostname(),
    cpu_threads: availableParallelism(),
    memory_total_bytes: totalmem(),
    time_zone: /\w/,
  })
  if (process.platform === 'linux') {
    const btime = Number(/^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1])
    t.equal(Date.parse(inventory.boot_time ?? ''), btime * 1000)
    const processors = (await promisify(execFile)('uname', ['-m'])).stdout.trim()
    t.equal(inventory.arch, processors)
    t.ok(inventory.network_interfaces?.every(({ name }) => name !== 'lo'))
  }
  const text = JSON.stringify(inventory)
  t.notMatch(text, /([0-9a-f]{2}:){5}[0-9a-f]{2}|serial|uuid/i)
  t.ok(Object.keys(inventory).every((key) => /^[a-z_]+$/.test(key)))
  t.notMatch(text, /null|""/, 'what is not known is absent')
})

t.test('an inventory that is given up ends at once', async (t) => {
  await t.rejects(readInventory(AbortSignal.timeout(20)), { name: 'TimeoutError' })
  await t.rejects(readInventory(AbortSignal.abort(new Error('over'))))
})

t.test('disks, processors and the machine are read from files', async (t) => {
  t.match(kernelFacts(machine('raid-bond')), { manufacturer: 'Dell Inc.', model: 'PowerEdge R6515' })
  const cpu = (number: number, socket: number, core: number) => ({
    [`sys/devices/system/cpu/cpu${number}/topology/physical_package_id`]: `${socket}\n`,
    [`sys/devices/system/cpu/cpu${number}/topology/core_id`]: `${core}\n`,
  })
  const roots = await treeOf(t, {
    ...{ ...cpu(0, 0, 0), ...cpu(1, 0, 0), ...cpu(2, 1, 0), ...cpu(3, 1, 1) },
    'sys/devices/system/cpu/cpufreq/.keep': '',
    ...{ 'sys/block/sda/size': '2048\n', 'sys/block/sda/queue/rotational': '1\n', 'sys/block/sda/device/.keep': '' },
    ...{
      'sys/block/nvme0n1/size': '4096\n',
      'sys/block/nvme0n1/queue/rotational': '0\n',
      'sys/block/nvme0n1/device/.keep': '',
    },
    ...{ 'sys/block/loop0/size': '4096\n', 'sys/block/sr0/size': '100\n', 'sys/block/sr0/device/.keep': '' },
  })
  t.match(kernelFacts(roots), {
    cpu_sockets: 2,
    cpu_cores: 3,
    disks: [
      { name: 'nvme0n1', size_bytes: 2_097_152, type: 'SSD' },
      { name: 'sda', size_bytes: 1_048_576, type: 'HDD' },
    ],
  })
})

t.test('the limits of the agent are the narrowest of its control group and those above', async (t) => {
  const group = 'sys/fs/cgroup/system.slice'
  const files = {
    'proc/self/cgroup': '0::/system.slice/obs-agent.service\n',
    ...{ [`${group}/memory.max`]: '1000000\n', [`${group}/cpu.max`]: 'max 100000\n' },
    ...{
      [`${group}/obs-agent.service/memory.max`]: '469762048\n',
      [`${group}/obs-agent.service/cpu.max`]: '50000 100000\n',
    },
  }
  t.same(cgroupLimits(await treeOf(t, files)), { cgroup_memory_limit_bytes: 1_000_000, cgroup_cpu_limit: 0.5 })
  t.same(cgroupLimits(await treeOf(t, {})), {})
  t.same(cgroupLimits(await treeOf(t, { 'proc/self/cgroup': '0::/../../etc\n' })), {})
  t.same(cgroupLimits(await treeOf(t, { 'proc/self/cgroup': '4:memory:/x\ngarbage' })), {})
})
