import { join } from 'node:path'
import type { Peer, Place } from './peer.ts'

/** The agent under the compression that its peers can be compared with. */
const SETUPS = [
  { name: 'agent', compression: 'zstd' },
  { name: 'agent-gzip', compression: 'gzip' },
  { name: 'agent-plain', compression: 'none' },
] as const

export const AGENT_NAMES = SETUPS.map(({ name }) => name)

/** `main`: the program, built or as source; it runs under the Node that runs this, as the unit in systemd/ runs it. */
export function agentPeers(main: string): Peer[] {
  return SETUPS.map(({ name, compression }) => ({
    name,
    about: `obs-agent, ${compression === 'none' ? 'no compression' : compression}`,
    isAgent: true,
    configFiles: (place) => ({ 'agent.yaml': config(place, compression) }),
    command: ({ state }) => ({
      argv: [process.execPath, '--max-old-space-size=256', main, 'run', '-c', join(state, 'agent.yaml')],
    }),
  }))
}

/** The agent has no parser for nginx; lines of it are plain text. */
export const takesApart = { json: true, nginx: false } as const

const config = ({ state, input, format, sinkUrl }: Place, compression: string): string => `
service: bench
environment: bench
version: "1"
data_dir: ${state}/data
api: { listen: 127.0.0.1:0 }
sources:
  app: { include: [${input}], start_at: beginning, parse: ${takesApart[format] ? format : 'plain'} }
outputs:
  sink: { type: http, url: ${sinkUrl}/v1/batches, compression: ${compression} }
`
