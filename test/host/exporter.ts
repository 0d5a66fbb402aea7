import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { EXCLUDED_FSTYPES, EXCLUDED_MOUNTPOINTS } from '../../src/host/mounts.ts'
import { keyOf } from './machines.ts'

/** The real node_exporter, as the judge of names, labels and values. */

export const EXPORTER = 'prometheus-node-exporter'

export interface Exporter {
  /** Its /metrics: value by series, as `keyOf` writes them; and type by family. */
  scrape(): Promise<{ readonly series: Map<string, number>; readonly types: Map<string, string> }>
  stop(): Promise<void>
}

/** Starts it with these collectors only, and what they leave out as the latest release does. `flags`: more of them. */
export async function startExporter(collectors: readonly string[], flags: readonly string[] = []): Promise<Exporter> {
  const port = await freePort()
  const child = spawn(EXPORTER, [
    `--web.listen-address=127.0.0.1:${port}`,
    '--web.disable-exporter-metrics',
    '--collector.disable-defaults',
    ...collectors.map((name) => `--collector.${name}`),
    `--collector.filesystem.mount-points-exclude=${goPattern(EXCLUDED_MOUNTPOINTS)}`,
    `--collector.filesystem.fs-types-exclude=${goPattern(EXCLUDED_FSTYPES)}`,
    String.raw`--collector.diskstats.device-exclude=^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$`,
    '--collector.netdev.device-exclude=',
    ...flags,
  ])
  await listening(child)
  return {
    scrape: async () => parsed(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()),
    stop: async () => {
      child.kill()
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
  }
}

/** It says so in its log; when it ends instead, the log says why. */
function listening(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = ''
    child.once('error', reject)
    child.once('exit', () => reject(new Error(`Cannot start ${EXPORTER}: ${log.slice(-2000)}`)))
    child.stderr?.on('data', (data: Buffer) => {
      log += data
      if (log.includes('TLS is disabled')) resolve()
    })
  })
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address ? address.port : 0
}

const goPattern = ({ source }: RegExp): string => source.replaceAll('\\/', '/')

function parsed(text: string) {
  const series = new Map<string, number>()
  const types = new Map<string, string>()
  for (const line of text.split('\n')) {
    const [, family, type] = /^# TYPE (\w+) (\w+)$/.exec(line) ?? []
    if (family !== undefined && type !== undefined) types.set(family, type)
    const [, name, labels = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
    if (name === undefined) continue
    const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)]
    const plain = (word = ''): string => word.replace(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c))
    series.set(keyOf(name, Object.fromEntries(pairs.map(([, key = '', word]) => [key, plain(word)]))), Number(value))
  }
  return { series, types }
}
