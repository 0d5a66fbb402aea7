import { z } from 'zod'
import { regex } from '../entry-settings.ts'
import { complain } from '../refine.ts'
import { flag, mark, text } from '../settings.ts'
import { ADDRESSING, addressing, refineTls, TLS, tlsSettings } from './network-settings.ts'
import { SCHEDULE, schedule } from './schedule.ts'
import { hostPort } from './targets.ts'

const EXPECTED_SEND = 'a text with the escapes \\r \\n \\t \\0 \\\\ \\xHH'
const ESCAPES: Readonly<Record<string, string>> = { r: '\r', n: '\n', t: '\t', 0: '\0', '\\': '\\' }

/** Decodes to the text that is sent, as latin1 where \xHH is used. */
const sendText = () =>
  mark(text(), { expected: EXPECTED_SEND, examples: ['PING\\r\\n'] }).transform((value, context) => {
    if (/\\(?![rnt0\\]|x[0-9a-fA-F]{2})/.test(value.replaceAll('\\\\', ''))) {
      context.addIssue({ code: 'custom', message: `expected ${EXPECTED_SEND}` })
      return z.NEVER
    }
    return value.replace(/\\(?:x([0-9a-fA-F]{2})|([rnt0\\]))/g, (_, hex: string | undefined, letter: string) =>
      hex === undefined ? (ESCAPES[letter] ?? '') : String.fromCharCode(Number.parseInt(hex, 16)),
    )
  })

const step = z
  .strictObject({
    send: sendText()
      .optional()
      .describe('Sent as it stands, without a line break of its own; \\r \\n \\t \\0 \\\\ \\xHH are understood.'),
    expect: regex().optional().describe('Regular expression; lines are read until one matches, 64 KiB at most.'),
  })
  .superRefine((s, context) => {
    if ((s.send === undefined) === (s.expect === undefined))
      complain(context, [], 'expected send or expect in it, one of them')
  })
  .transform((s) => (s.send === undefined ? { expect: s.expect ?? '' } : { send: s.send }))

export const tcpProbe = z
  .strictObject({
    type: z.literal('tcp').describe('A TCP port takes connections, and answers as expected.'),
    ...SCHEDULE,
    address: hostPort().describe('host:port to connect to.'),
    steps: z.array(step).max(100).prefault([]).describe('What is said over the connection, in turn: send, or expect.'),
    tls: flag().prefault(false).describe('Whether the connection begins with a TLS handshake.'),
    ...TLS,
    ...ADDRESSING,
  })
  .superRefine((s, context) => refineTls(s, { context, isUsed: s.tls, otherwise: 'tls: true' }))
  .transform((s) => ({
    type: s.type,
    ...schedule(s),
    address: s.address,
    steps: s.steps,
    ...(s.tls && { tls: tlsSettings(s) }),
    addressing: addressing(s),
  }))

export type TcpProbeConfig = z.output<typeof tcpProbe>
export type TcpStep = TcpProbeConfig['steps'][number]
