import { isIP } from 'node:net'
import { z } from 'zod'
import { regex } from '../entry-settings.ts'
import { complain } from '../refine.ts'
import { choice, mark, text } from '../settings.ts'
import { ADDRESSING, addressing } from './network-settings.ts'
import { SCHEDULE, schedule } from './schedule.ts'
import { hostPort } from './targets.ts'

export const QUERY_TYPES = ['A', 'AAAA', 'CNAME', 'MX', 'NS', 'PTR', 'SOA', 'SRV', 'TXT', 'CAA'] as const
/** RFC 1035 4.1.1 and RFC 2136 2.2, by number. */
export const RCODES = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'] as const

const EXPECTED_NAME = 'a name such as shop.example, or an address for PTR'

const dnsName = () =>
  mark(
    z
      .string()
      .max(254)
      .refine((value) => isIP(value) !== 0 || isDnsName(value), `expected ${EXPECTED_NAME}`),
    { expected: EXPECTED_NAME },
  )

/** RFC 1035 2.3.4: labels of at most 63 octets, 255 with their lengths altogether. */
function isDnsName(name: string): boolean {
  return (
    name === '.' ||
    (/^(?:[\x21-\x2d\x2f-\x5b\x5d-\x7e]{1,63}\.)*[\x21-\x2d\x2f-\x5b\x5d-\x7e]{1,63}\.?$/.test(name) &&
      name.replace(/\.$/, '').length <= 253)
  )
}

export const dnsProbe = z
  .strictObject({
    type: z.literal('dns').describe('A name server answers as expected.'),
    ...SCHEDULE,
    name: dnsName().describe('Name that is asked for.'),
    server: hostPort().optional().describe('host:port of the name server; default: the first one of this host.'),
    query_type: choice(QUERY_TYPES).prefault('A').describe('Type of record that is asked for.'),
    transport: choice(['udp', 'tcp']).prefault('udp').describe('udp: and tcp after an answer that was cut.'),
    expected_rcode: choice(RCODES).prefault('NOERROR').describe('Response code that is good.'),
    expected_answers: z
      .array(text())
      .prefault([])
      .describe('Data that must all be among the answers, such as 192.0.2.1 or 10 mx.example.'),
    answers_match: regex().optional().describe('Regular expression that the data of at least one answer must match.'),
    ...ADDRESSING,
  })
  .superRefine((s, context) => {
    if (isIP(s.name) !== 0 && s.query_type !== 'PTR')
      complain(context, 'name', 'expected query_type: PTR beside an address')
  })
  .transform((s) => ({
    type: s.type,
    ...schedule(s),
    queryName: s.name,
    ...(s.server && { server: s.server }),
    queryType: s.query_type,
    transport: s.transport,
    expectedRcode: s.expected_rcode,
    expectedAnswers: s.expected_answers,
    ...(s.answers_match !== undefined && { answersMatch: s.answers_match }),
    addressing: addressing(s),
  }))

export type DnsProbeConfig = z.output<typeof dnsProbe>
export type QueryType = (typeof QUERY_TYPES)[number]
