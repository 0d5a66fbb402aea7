/** What ping prints of one reply, iputils and busybox alike: `64 bytes from 192.0.2.1: icmp_seq=1 ttl=64 time=0.100 ms`. */
export interface Reply {
  readonly rttSeconds: number
  readonly hopLimit?: number
}

/** Nothing when there is no reply in it. */
export function parseReply(output: string): Reply | undefined {
  const line = /^\d+ bytes from .*$/m.exec(output)?.[0]
  const rttMs = line === undefined ? undefined : /\btime[=<](\d+(?:\.\d+)?) ?ms/.exec(line)?.[1]
  if (line === undefined || rttMs === undefined) return undefined
  const hops = /\b(?:ttl|hlim)=(\d{1,3})\b/i.exec(line)?.[1]
  return { rttSeconds: Number(rttMs) / 1000, ...(hops !== undefined && { hopLimit: Number(hops) }) }
}

export interface Complaint {
  readonly text: string
  /** ping may not send, which says nothing about the host. */
  readonly isForbidden: boolean
}

/** Why there is none, in ping's words: what a router said, or what ping could not do. */
export function parseComplaint(output: string, errors: string): Complaint | undefined {
  const forbidden = /^.*(?:not permitted|permission denied|are you root).*$/im.exec(errors)?.[0]
  if (forbidden !== undefined) return { text: forbidden, isForbidden: true }
  const fromRouter = /^From \S+:? (?:icmp_seq=\d+ )?(.+)$/m.exec(output)?.[1]
  const text = fromRouter ?? /^.*?ping6?: (.+)$/m.exec(errors)?.[1]
  return text === undefined ? undefined : { text, isForbidden: false }
}
