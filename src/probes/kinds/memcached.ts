import type { MemcachedProbeConfig } from '../../config/probes/memcached.ts'
import { converse } from '../client/conversation.ts'
import { Refusal } from '../client/failure-text.ts'
import { remoteHostOf, targetText } from '../client/target.ts'
import { UnreadableAnswer, type Wire } from '../client/wire.ts'
import type { Probe } from '../probe.ts'

const VERSION_HELP = 'Version of the memcached server.'

/** Longest line of an answer; `VERSION 1.6.18` is a short one. */
const MAX_LINE_BYTES = 1024

/** memcached, by its text protocol: https://github.com/memcached/memcached/blob/master/doc/protocol.txt */
export function createMemcachedProbe(config: MemcachedProbeConfig): Probe {
  return {
    target: targetText(config.address),
    ...remoteHostOf(config.address),
    run: (run) =>
      converse(run, {
        ...config,
        secrets: [],
        talk: async (wire, remarks) => {
          run.phases.enter('query')
          wire.write('version\r\n')
          const line = await firstLine(wire)
          const version = /^VERSION ([\x21-\x7e]{1,64})/.exec(line)?.[1]
          if (version === undefined) throw refusalOf(line)
          remarks.server = `memcached ${version}`
          remarks.families.gauge('probe_memcached_version_info', VERSION_HELP, 1, { version })
          wire.write('quit\r\n')
        },
      }),
  }
}

/** `ERROR`, `CLIENT_ERROR …`, `SERVER_ERROR …`: a server that wants SASL, or is at the end of its connections, says so in one of them. */
function refusalOf(line: string): Error {
  if (/^(CLIENT_|SERVER_)?ERROR\b/.test(line)) return new Refusal('the server says no', line)
  return new UnreadableAnswer('it is not one of memcached')
}

async function firstLine(wire: Wire): Promise<string> {
  let text = ''
  const line = new Promise<string>((resolve) => {
    wire.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      const end = text.indexOf('\r\n')
      if (end >= 0) resolve(text.slice(0, end))
      else if (text.length > MAX_LINE_BYTES) throw new Error('its first line does not end')
    })
  })
  return wire.whileOpen(line)
}
