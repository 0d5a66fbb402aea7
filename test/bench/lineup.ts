import { readFileSync } from 'node:fs'
import { cpus, loadavg, release } from 'node:os'
import { join } from 'node:path'
import type { Options } from './options.ts'
import type { MissingPeer, Peer } from './peer.ts'

/** What the report begins with: the machine, and who takes part. */

export function machineLines(): string[] {
  const text = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')
  const { version } = JSON.parse(text) as { version: string }
  const cores = cpus()
  const load = loadavg().map((one) => one.toFixed(1))
  return [
    `# obs-agent ${version} on the bench`,
    '',
    `- Node ${process.versions.node}, Linux ${release()}, ${cores.length} × ${cores[0]?.model}`,
    `- load before: ${load.join(' ')}`,
  ]
}

export function lineupLines(
  { lines, runs, format, seconds }: Options,
  { peers, missing }: { peers: readonly Peer[]; missing: readonly MissingPeer[] },
): string[] {
  return [
    `- ${format}: ${lines.toLocaleString('en-US')} lines in ${runs} rounds, or at a steady rate for ${seconds} s`,
    ...peers.map(({ name, about }) => `- ${name}: ${about}`),
    ...missing.map(({ name, missing }) => `- ${name}: left out, ${missing}`),
  ]
}
