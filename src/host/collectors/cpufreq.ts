import { join } from 'node:path'
import { FamilySet } from '../../metrics/family-set.ts'
import { type HostCollector, type HostRoots, NoData } from '../collector.ts'
import { DriverFiles, namesIn, numberIn } from '../sysfs.ts'

/** Files in kHz: Documentation/admin-guide/pm/cpufreq.rst. */
// biome-ignore format: a table
const FREQUENCIES = [
  { file: 'cpuinfo_cur_freq', family: 'node_cpu_frequency_hertz', help: 'Frequency as the hardware tells it.' },
  { file: 'cpuinfo_min_freq', family: 'node_cpu_frequency_min_hertz', help: 'Lowest frequency of the hardware.' },
  { file: 'cpuinfo_max_freq', family: 'node_cpu_frequency_max_hertz', help: 'Highest frequency of the hardware.' },
  { file: 'scaling_cur_freq', family: 'node_cpu_scaling_frequency_hertz', help: 'Frequency that was last asked for.' },
  { file: 'scaling_min_freq', family: 'node_cpu_scaling_frequency_min_hertz', help: 'Lowest frequency the policy allows.' },
  { file: 'scaling_max_freq', family: 'node_cpu_scaling_frequency_max_hertz', help: 'Highest frequency the policy allows.' },
]

/**
 * Frequencies of the processors. Asking one for its frequency can take it out of its sleep and cost 20 ms with some drivers, so a machine with many is
 * asked once a minute.
 */
export function createCpufreqCollector({ sys }: HostRoots): HostCollector {
  const files = new DriverFiles()
  return {
    name: 'cpufreq',
    everyMs: 60_000,
    collect: async (signal) => {
      const folder = join(sys, 'devices/system/cpu')
      const set = new FamilySet()
      for (const name of (namesIn(folder) ?? []).filter((name) => /^cpu\d+$/.test(name))) {
        const cpu = name.slice('cpu'.length)
        const present = new Set(namesIn(join(folder, name, 'cpufreq')))
        const read = async (file: string): Promise<string | undefined> =>
          present.has(file) ? files.textOf(join(folder, name, 'cpufreq', file), signal) : undefined
        for (const { file, family, help } of FREQUENCIES) {
          const khz = numberIn(await read(file))
          if (khz !== undefined) set.gauge(family, help, khz * 1000, { cpu })
        }
        const current = (await read('scaling_governor'))?.trim()
        for (const governor of words(await read('scaling_available_governors'))) {
          const help = '1 for the governor that is in use.'
          set.gauge('node_cpu_scaling_governor', help, governor === current ? 1 : 0, { cpu, governor })
        }
      }
      const families = set.families()
      if (families.length === 0) throw new NoData('no processor tells its frequency')
      return families
    },
  }
}

const words = (text: string | undefined): string[] => (text ?? '').split(/\s+/).filter((word) => word !== '')
