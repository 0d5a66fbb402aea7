import { request } from 'node:http'
import { parseListen } from '../config/listen.ts'
import { loadConfig } from '../config/load.ts'
import { formatProblem } from '../config/problem.ts'
import type { Secret } from '../config/secret.ts'
import { EXIT, FatalError, messageOf } from '../errors.ts'

/** Where the agent on this host answers. */
export interface LocalApi {
  readonly host: string
  readonly port: number
  readonly token: Secret | undefined
}

export interface ApiAnswer {
  readonly status: number
  readonly body: unknown
}

const TIMEOUT_MS = 10_000

/** As agent.yaml has it. @throws {FatalError} */
export function localApi(configPath: string, env: Readonly<Record<string, string | undefined>>): LocalApi {
  const loaded = loadConfig(configPath, { env })
  if (loaded.kind === 'bad') {
    const [first] = loaded.problems
    throw new FatalError(`Cannot read ${configPath}: ${first ? formatProblem(first) : 'unknown'}`, {
      exitCode: EXIT.config,
      hint: `obs-agent check -c ${configPath} tells all that is wrong`,
    })
  }
  const { listen, token } = loaded.config.api
  const address = parseListen(listen)
  if (!address || address.port === 0) {
    throw new FatalError(`Cannot ask the agent: api.listen names no port, got ${listen}`, {
      exitCode: EXIT.config,
      hint: 'set api.listen to a fixed port, such as 127.0.0.1:9610',
    })
  }
  return { ...address, token }
}

/** Asks the running agent. @throws {FatalError} when it cannot be reached. */
export function askApi({ host, port, token }: LocalApi, path: string): Promise<ApiAnswer> {
  const where = `${host.includes(':') ? `[${host}]` : host}:${port}`
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void =>
      reject(
        new FatalError(`Cannot reach the agent at ${where}: ${messageOf(error)}`, {
          exitCode: EXIT.unreachable,
          hint: 'is it running? systemctl status obs-agent',
          cause: error,
        }),
      )
    const headers = { host: where, ...(token && { authorization: `Bearer ${token.reveal()}` }) }
    // An agent that listens on all addresses is on this one, too.
    const hostname = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
    const asking = request({ hostname, port, path, headers, timeout: TIMEOUT_MS }, (answer) => {
      const parts: Buffer[] = []
      answer.on('data', (part: Buffer) => parts.push(part))
      answer.on('error', fail)
      answer.on('end', () => {
        try {
          resolve({ status: answer.statusCode ?? 0, body: JSON.parse(Buffer.concat(parts).toString()) })
        } catch {
          fail(new Error('what answers there is no obs-agent'))
        }
      })
    })
    asking.on('timeout', () => asking.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)))
    asking.on('error', fail)
    asking.end()
  })
}
