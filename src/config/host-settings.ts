import { z } from 'zod'
import { ratio } from './entry-settings.ts'
import { complain } from './refine.ts'
import { duration, either, flag, mark, path, text } from './settings.ts'

/** `host`: the samples of this host, and the checks made of them. */

const thresholds = (degraded: string, unhealthy: string, what: string) =>
  z
    .strictObject({
      degraded: ratio().prefault(degraded).describe(`Share of ${what} in use above which it is degraded.`),
      unhealthy: ratio().prefault(unhealthy).describe(`Share of ${what} in use above which it is unhealthy.`),
      critical: flag().prefault(true).describe('Unhealthy, it makes the host unhealthy; otherwise only degraded.'),
    })
    .superRefine((s, context) => {
      if (s.degraded > s.unhealthy) complain(context, 'degraded', 'expected at most what unhealthy is')
    })
    .transform((s) => ({ degradedRatio: s.degraded, unhealthyRatio: s.unhealthy, isCritical: s.critical }))
    .prefault({})

const collectorName = () =>
  mark(z.string().regex(/^[a-z0-9_]{1,32}$/), { expected: 'the name of a collector, as node_exporter has it' })

const hostMap = () =>
  z
    .strictObject({
      name: text().optional().describe('Name of this host on entries and metrics; default: the host name.'),
      enabled: flag().prefault(true).describe('Whether this host is sampled.'),
      interval: duration({ min: '1s', max: '1h' }).prefault('15s').describe('From one sample to the next.'),
      job: text()
        .prefault('node')
        .describe('Label job of the stored series, as rules written for node_exporter expect.'),
      without: z.array(collectorName()).prefault([]).describe('Collectors that are left out: systemd, hwmon …'),
      network_filesystems: flag()
        .prefault(false)
        .describe('Whether mounts of NFS, CIFS and the like are measured; a server that is gone makes them hang.'),
      textfile_dir: path().optional().describe('Folder whose *.prom files are shown among the metrics.'),
      disk: thresholds('80%', '85%', 'a file system').describe('Health of each mounted file system.'),
      memory: thresholds('80%', '90%', 'the memory').describe('Health of the memory.'),
      inventory_entry: flag()
        .prefault(false)
        .describe('Whether each start ships an entry that tells of hardware, kernel and system.'),
    })
    .transform((s) => ({
      isEnabled: s.enabled,
      intervalMs: s.interval,
      job: s.job,
      ...(s.name !== undefined && { name: s.name }),
      without: s.without,
      hasNetworkFilesystems: s.network_filesystems,
      ...(s.textfile_dir !== undefined && { textfileDir: s.textfile_dir }),
      disk: s.disk,
      memory: s.memory,
      shipsInventory: s.inventory_entry,
    }))

/** A text is its name. */
export const hostSetting = () =>
  either([text().transform((name) => hostMap().parse({ name })), hostMap()])
    .prefault({})
    .describe(
      'This host: its name, and its samples (CPU, memory, disks, network and the rest, as node_exporter names them).',
    )

export type HostConfig = z.output<ReturnType<typeof hostSetting>>
