import type { RedisProbeConfig } from '../../config/probes/redis.ts'
import { converse } from '../client/conversation.ts'
import { judgeRedis } from '../client/redis-info.ts'
import { RedisSession } from '../client/redis-session.ts'
import { remoteHostOf, targetText } from '../client/target.ts'
import { wireTls } from '../client/wire-tls.ts'
import type { Probe } from '../probe.ts'

/** Redis and what is like it (Valkey): signs in, PING, and INFO for what it says of itself. */
export function createRedisProbe(config: RedisProbeConfig): Probe {
  return {
    target: targetText(config.address, config.db === undefined ? undefined : String(config.db)),
    ...remoteHostOf(config.address),
    run: async (run) => {
      // The parser of the protocol alone: the client as a whole loads every command there is (measured: 17 MB and 200 ms more).
      const [{ Decoder }, { default: encoder }] = await Promise.all([
        import('@redis/client/dist/lib/RESP/decoder.js'),
        import('@redis/client/dist/lib/RESP/encoder.js'),
      ])
      return converse(run, {
        ...config,
        secrets: [config.password],
        talk: async (wire, remarks) => {
          if (config.usesTls) await wire.startTls(await wireTls({ ...config, isVerified: true }))
          run.phases.enter(config.password ? 'auth' : 'query')
          const session = new RedisSession(wire, { Decoder, encode: encoder.default })
          const { username, password, db } = config
          if (password) await session.ask('AUTH', ...(username === undefined ? [] : [username]), password.reveal())
          run.phases.enter('query')
          if (db !== undefined) await session.ask('SELECT', String(db))
          await session.ping()
          judgeRedis(await session.info(), { config, remarks })
        },
      })
    },
  }
}
