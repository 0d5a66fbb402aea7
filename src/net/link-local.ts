import { BlockList, isIP } from 'node:net'

/**
 * Addresses that never leave the link: RFC 3927, RFC 4291 2.5.6. Clouds answer there with the credentials of the host, so nothing that a redirect
 * or a name server says may lead to them. Also what an IPv4 address looks like inside IPv6 (mapped, compatible, NAT64 of RFC 6052), and the
 * address outside these ranges at which EC2 has its metadata.
 */
const LINK_LOCAL = new BlockList()
LINK_LOCAL.addSubnet('169.254.0.0', 16, 'ipv4')
LINK_LOCAL.addSubnet('fe80::', 10, 'ipv6')
LINK_LOCAL.addSubnet('::169.254.0.0', 112, 'ipv6')
LINK_LOCAL.addSubnet('::ffff:169.254.0.0', 112, 'ipv6')
LINK_LOCAL.addSubnet('64:ff9b::169.254.0.0', 112, 'ipv6')
LINK_LOCAL.addAddress('fd00:ec2::254', 'ipv6')

/** Of an IP address, with or without a zone (`fe80::1%eth0`); false for what is none. */
export function isLinkLocal(address: string): boolean {
  const bare = address.replace(/%.*$/s, '')
  const family = isIP(bare)
  return family !== 0 && LINK_LOCAL.check(bare, family === 6 ? 'ipv6' : 'ipv4')
}
