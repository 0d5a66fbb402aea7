import { AGENT_NAMES, agentPeers } from './agent-peer.ts'
import { findFluentBit } from './fluent-bit.ts'
import type { Environment, MissingPeer, Peer } from './peer.ts'
import { findRsyslog } from './rsyslog.ts'
import { findSyslogNg } from './syslog-ng.ts'

export const PEER_NAMES = [...AGENT_NAMES, 'fluent-bit', 'rsyslog', 'syslog-ng']

/** The agent in its setups, and who of its peers is here. `main`: the agent's program. */
export function findPeers(main: string, env: Environment): { peers: Peer[]; missing: MissingPeer[] } {
  const all = [...agentPeers(main), findFluentBit(env), findRsyslog(env), findSyslogNg(env)]
  const peers = all.filter((peer): peer is Peer => !('missing' in peer))
  const missing = all.filter((peer): peer is MissingPeer => 'missing' in peer)
  return { peers, missing }
}
