import { type LookupAddress, lookup } from 'node:dns'
import { isIP } from 'node:net'
import { codeOf, messageOf } from '../errors.ts'

/**
 * Names of hosts to addresses, as the applications of this host find them: getaddrinfo reads /etc/hosts, nsswitch.conf and resolv.conf. It runs on
 * libuv's few threads, which files need as well, and cannot be stopped: so only some lookups are under way at a time, and those who ask for the
 * same name meanwhile share one. A name server that hangs then costs one thread for each name, not one for each run of a probe.
 */

export interface Address {
  readonly address: string
  readonly family: 4 | 6
}

export interface LookupOptions {
  /** Only addresses of this family. */
  readonly family?: 4 | 6
  /** The caller returns at once when it aborts; the lookup itself goes on. */
  readonly signal: AbortSignal
}

export type LookupHost = (host: string, options: LookupOptions) => Promise<readonly Address[]>

const MAX_UNDER_WAY = 4

/** The threads belong to the process, so what is counted here does too. */
const underWay = new Map<string, Promise<readonly Address[]>>()
const waiting: (() => void)[] = []
let runningCount = 0

/** At least one address, in getaddrinfo's order (RFC 6724); an IP literal is its own. Rejects with a message for operators, or with the signal's reason. */
export const lookupHost: LookupHost = async (host, { family, signal }) => {
  signal.throwIfAborted()
  const literal = isIP(host)
  if (literal === 4 || literal === 6) {
    if (family !== undefined && family !== literal) throw new Error(`${host} is not an address of IPv${family}`)
    return [{ address: host, family: literal }]
  }
  return await untilAborted(sharedLookup(host, family ?? 0), signal)
}

function sharedLookup(host: string, family: 0 | 4 | 6): Promise<readonly Address[]> {
  const key = `${family} ${host}`
  const found = underWay.get(key) ?? inTurn(() => getAddresses(host, family)).finally(() => underWay.delete(key))
  underWay.set(key, found)
  return found
}

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  // Whoever ends hands its place on, so the count stays.
  if (runningCount < MAX_UNDER_WAY) runningCount += 1
  else await new Promise<void>((resolve) => waiting.push(resolve))
  try {
    return await work()
  } finally {
    const next = waiting.shift()
    if (next) next()
    else runningCount -= 1
  }
}

function getAddresses(host: string, family: 0 | 4 | 6): Promise<readonly Address[]> {
  return new Promise((resolve, reject) => {
    lookup(host, { all: true, order: 'verbatim', family }, (error, found: LookupAddress[]) => {
      if (error) reject(new Error(problemText(host, family, error), { cause: error }))
      else resolve(found.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 })))
    })
  })
}

function problemText(host: string, family: 0 | 4 | 6, error: Error): string {
  const kind = family === 0 ? '' : ` of IPv${family}`
  switch (codeOf(error)) {
    case 'ENOTFOUND':
      return `the name ${host} has no address${kind}`
    case 'EAI_AGAIN':
      return `no name server answers for ${host}`
    default:
      return `the name ${host} cannot be resolved: ${messageOf(error)}`
  }
}

async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>()
  const onAbort = (): void => aborted.reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([work, aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
