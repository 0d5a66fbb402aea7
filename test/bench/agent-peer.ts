import { join } from 'node:path'
import type { Peer, Place } from './peer.ts'

/** The agent under the compression that its peers can be compared with. */
const SETUPS = [
  { name: 'agent', about: 'zstd', compression: 'zstd', process: '[]' },
  {
    name: 'agent-redact',
    about: 'zstd, all presets of redact',
    compression: 'zstd',
    process: '[{ redact: { presets: all } }]',
  },
  { name: 'agent-gzip', about: 'gzip', compression: 'gzip', process: '[]' },
  { name: 'agent-plain', about: 'no compression', compression: 'none', process: '[]' },
] as const

export const AGENT_NAMES = SETUPS.map(({ name }) => name)

/** `main`: the program, built or as source; it runs under the Node that runs this, as the unit in systemd/ runs it. */
export function agentPeers(main: string): Peer[] {
  return SETUPS.map(({ name, about, ...setup }) => ({
    name,
    about: `obs-agent, ${about}`,
    isAgent: true,
    configFiles: (place) => ({ 'agent.yaml': config(place, setup) }),
    command: ({ state }) => ({
      argv: [process.execPath, '--max-old-space-size=256', main, 'run', '-c', join(state, 'agent.yaml')],
    }),
  }))
}

const config = (
  { state, input, format, sinkUrl }: Place,
  { compression, process }: { compression: string; process: string },
): string => `
service: bench
environment: bench
version: "1"
data_dir: ${state}/data
api: { listen: 127.0.0.1:0 }
sources:
  app: { include: [${input}], start_at: beginning, parse: ${format}, process: ${process} }
outputs:
  sink: { type: http, url: ${sinkUrl}/v1/batches, compression: ${compression} }
`
