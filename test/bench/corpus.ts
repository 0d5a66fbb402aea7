import { createHash } from 'node:crypto'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Logs that are the same on every machine. Each record carries one marker, `req-NNNNNNNNNN`, its number from 0: the sink
 * counts markers, so a loss or a repeat is seen whatever a shipper makes of the line. A record written while its latency is
 * measured says when, too: `req-NNNNNNNNNN-MMMMMMMMMMMMM`, M being milliseconds since 1970.
 */

export const FORMATS = ['json', 'nginx'] as const
/** What every peer takes apart. */
export type Format = (typeof FORMATS)[number]
/** What the parsers alone are measured with as well. */
export const PARSE_FORMATS = [...FORMATS, 'syslog', 'logfmt', 'java'] as const
export type ParseFormat = (typeof PARSE_FORMATS)[number]

/** A whole number from 0 to 2³² − 1. */
export type Random = () => number

/** mulberry32: small, and good enough to vary text. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
}

const LEVELS = ['info', 'info', 'info', 'info', 'info', 'info', 'debug', 'debug', 'warn', 'error']
const SERVICES = ['checkout', 'catalog', 'auth', 'cart', 'payments', 'search']
const METHODS = ['GET', 'GET', 'GET', 'GET', 'POST', 'PUT', 'DELETE']
const PATHS = ['/api/v1/users', '/api/v1/orders', '/api/v1/items', '/login', '/health', '/api/v2/search']
const STATUS = [200, 200, 200, 200, 200, 201, 204, 301, 404, 500]
const AGENTS = [
  'Mozilla/5.0 (X11; Linux x86_64) Firefox/131.0',
  'curl/8.5.0',
  'okhttp/4.12.0',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Safari/605.1.15',
  'Go-http-client/2.0',
]
const MESSAGES = [
  'request completed',
  'cache miss, loading from the database',
  'user session refreshed',
  'upstream responded slowly',
  'payment authorised by provider',
  'retrying after a transient error',
]
const REGIONS = ['eu-west-1', 'us-east-1', 'ap-south-1']
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const FIRST_MS = Date.UTC(2025, 0, 15, 8, 0, 0)

/** Record `number` without its line end; `writtenMs` stamps it with the wall clock. */
export function record(format: ParseFormat, number: number, about: { random: Random; writtenMs?: number }): string {
  const { random, writtenMs } = about
  const time = new Date(writtenMs ?? FIRST_MS + number * 3)
  const marker = `req-${String(number).padStart(10, '0')}${writtenMs === undefined ? '' : `-${writtenMs}`}`
  return RECORDS[format](time, marker, random)
}

const RECORDS: Readonly<Record<ParseFormat, (time: Date, marker: string, random: Random) => string>> = {
  json: jsonRecord,
  nginx: nginxRecord,
  syslog: syslogRecord,
  logfmt: logfmtRecord,
  java: javaRecord,
}

function jsonRecord(time: Date, marker: string, random: Random): string {
  const ip = ipFrom(random)
  return (
    `{"timestamp":"${time.toISOString()}","level":"${pick(LEVELS, random)}","message":"${pick(MESSAGES, random)}"` +
    `,"service":"${pick(SERVICES, random)}","version":"1.${random() % 20}.${random() % 10}","environment":"prod"` +
    `,"request_id":"${marker}","trace_id":"${hex(random)}${hex(random)}${hex(random)}${hex(random)}"` +
    `,"span_id":"${hex(random)}${hex(random)}","duration":${(random() % 200_000) / 100}` +
    `,"status_code":${pick(STATUS, random)},"method":"${pick(METHODS, random)}","path":"${pick(PATHS, random)}"` +
    `,"user_agent":"${pick(AGENTS, random)}","ip_address":"${ip}","user_id":${random() % 100_000}` +
    `,"region":"${pick(REGIONS, random)}"}`
  )
}

function nginxRecord(time: Date, marker: string, random: Random): string {
  const iso = time.toISOString()
  const day = `${iso.slice(8, 10)}/${MONTHS[time.getUTCMonth()]}/${iso.slice(0, 4)}:${iso.slice(11, 19)} +0000`
  return (
    `${ipFrom(random)} - - [${day}] "${pick(METHODS, random)} ${pick(PATHS, random)}?rid=${marker} HTTP/1.1" ` +
    `${pick(STATUS, random)} ${random() % 50_000} "https://shop.example.com${pick(PATHS, random)}" ` +
    `"${pick(AGENTS, random)}"`
  )
}

/** As Debian's rsyslog writes them. */
function syslogRecord(time: Date, marker: string, random: Random): string {
  const iso = time.toISOString().replace('Z', '000+00:00')
  return `${iso} web-1 ${pick(SERVICES, random)}[${1000 + (random() % 30_000)}]: ${pick(MESSAGES, random)} ${marker}`
}

function logfmtRecord(time: Date, marker: string, random: Random): string {
  return (
    `time=${time.toISOString()} level=${pick(LEVELS, random)} msg="${pick(MESSAGES, random)}" ` +
    `service=${pick(SERVICES, random)} request_id=${marker} method=${pick(METHODS, random)} ` +
    `path=${pick(PATHS, random)} status=${pick(STATUS, random)} duration_ms=${random() % 2000} region=${pick(REGIONS, random)}`
  )
}

/** One in four has a stack trace of 10 to 37 lines. */
function javaRecord(time: Date, marker: string, random: Random): string {
  const head = time.toISOString().replace('T', ' ').slice(0, 23)
  const logger = `com.example.${pick(SERVICES, random)}.OrderService`
  const thread = `http-nio-${random() % 16}`
  if (random() % 4 > 0) return `${head} INFO  [${thread}] ${logger} - ${pick(MESSAGES, random)} ${marker}`
  const frames = Array.from({ length: 6 + (random() % 28) }, () => {
    return `\tat com.example.${pick(SERVICES, random)}.Handler$${random() % 9}.invoke(Handler.java:${random() % 900})`
  })
  return [
    `${head} ERROR [${thread}] ${logger} - request failed ${marker}`,
    'java.lang.IllegalStateException: connection pool exhausted after 30000 ms',
    ...frames,
    'Caused by: java.net.SocketTimeoutException: Read timed out',
    '\tat java.base/sun.nio.ch.NioSocketImpl.timedRead(NioSocketImpl.java:288)',
    '\t... 12 more',
  ].join('\n')
}

const pick = <T>(choices: readonly T[], random: Random): T | undefined => choices[random() % choices.length]
const hex = (random: Random): string => random().toString(16).padStart(8, '0')
const ipFrom = (random: Random): string =>
  `${10 + (random() % 200)}.${random() & 255}.${random() & 255}.${1 + (random() % 254)}`

/** The file with records 0 … `lines` − 1, from an earlier run when there is one. */
export function corpusFile(folder: string, { format, lines }: { format: ParseFormat; lines: number }): string {
  // Named after this very text as well: what another version of it wrote is not taken for its own.
  const edition = createHash('sha256')
    .update(readFileSync(import.meta.filename))
    .digest('hex')
    .slice(0, 8)
  const path = join(folder, `${format}-${lines}-${edition}.log`)
  if (existsSync(path)) return path
  mkdirSync(folder, { recursive: true })
  const unfinished = `${path}.${process.pid}`
  writeCorpus(unfinished, { format, lines })
  renameSync(unfinished, path)
  return path
}

function writeCorpus(path: string, { format, lines }: { format: ParseFormat; lines: number }): void {
  const random = randomFrom(42)
  const file = openSync(path, 'w')
  let text = ''
  for (let number = 0; number < lines; number++) {
    text += `${record(format, number, { random })}\n`
    if (text.length < 1024 * 1024 && number < lines - 1) continue
    writeSync(file, text)
    text = ''
  }
  closeSync(file)
}
