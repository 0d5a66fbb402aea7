/** Log files of several formats with secrets in every place a record has. */
import type { RedactPreset } from '../../src/config/steps.ts'
import { type Secret, SecretMint } from './planted-secrets.ts'

export interface LeakyLogs {
  /** Text by name of the file; what is missing at the end of one is missing on purpose. */
  readonly files: Readonly<Record<string, string>>
  readonly secrets: readonly Secret[]
  /** In the message of each record, and nowhere else. */
  readonly records: readonly string[]
  /** Those of them that a collector refuses for good. */
  readonly refused: readonly string[]
}

/** In records whose message has it. */
export const REFUSED_WORD = 'indigestible'
export const MAX_LINE_BYTES = 20 * 1024

const NUMBERS: readonly RedactPreset[] = ['credit_card', 'cpf', 'cnpj']
/** Of several lines, which a line has no place for. */
const isInLine = (preset: RedactPreset): boolean => preset !== 'private_key'
const TIME = '2026-01-15T08:00:00.000Z'

export function leakyLogs(): LeakyLogs {
  const mint = new SecretMint()
  const records: string[] = []
  const refused: string[] = []
  const record = (isRefused = false): string => {
    const name = `rec${String(records.length).padStart(4, '0')}x`
    records.push(name)
    if (isRefused) refused.push(name)
    return isRefused ? `${name} ${REFUSED_WORD}` : name
  }
  const files = {
    'json.log': jsonLines(mint, record),
    'nginx.log': nginxLines(mint, record),
    'logfmt.log': mint
      .all(isInLine)
      .map(({ text }) => `time=${TIME} level=info msg="${record()} has ${text} in it" key="${text}"\n`)
      .join(''),
    'java.log': javaLines(mint, record),
    'docker.log': dockerLines(mint, record),
    'plain.log': mint
      .all(isInLine)
      .map(({ text }) => `${record()} something about ${text} and more\n`)
      .join('')
      .concat(`${record()} a key\n${mint.mint('private_key').text}\n${record()} after it\n`),
    'broken.log': brokenLines(mint, record),
    'long.log': longLines(mint, record),
    'partial.log': `${record()} a first line\n${record()} a prompt with ${mint
      .all(isInLine)
      .map(({ text }) => text)
      .join(' and ')} `,
  }
  return { files, secrets: mint.minted, records, refused }
}

type NextRecord = (isRefused?: boolean) => string

function jsonLines(mint: SecretMint, record: NextRecord): string {
  const places: readonly ((text: string) => object)[] = [
    (text) => ({ msg: `${record()} has ${text} in it` }),
    (text) => ({ msg: `${record(true)} has ${text} in it`, service: `svc ${text}` }),
    (text) => ({ msg: record(), service: `svc-${text}` }),
    (text) => ({ msg: record(), metadata: { a: { b: { c: text } } }, deep: { er: { value: `x ${text}` } } }),
    (text) => ({ msg: record(), [text]: 1, nested: { [`key ${text}`]: true } }),
    (text) => ({ msg: record(), list: [1, [text, { inner: text }]] }),
    (text) => ({ msg: record(), url: `https://shop.example/p?q=${text}&x=1`, path: `/p/${text}` }),
    (text) => ({ msg: record(), headers: { 'X-Forwarded-For': text, cookie: `a=${text}; b=2` }, user_id: text }),
    (text) => ({ msg: record(), err: { message: text, stack: `Error: ${text}\n    at f (${text})` }, trace_id: text }),
    (text) => ({ msg: record(), time: `${text}`, level: `info ${text}`, status: text }),
    (text) => ({ msg: record(), inner: JSON.stringify({ twice: JSON.stringify({ text }) }) }),
  ]
  const lines = places.flatMap((place) => mint.all().map(({ text }) => place(text)))
  for (const preset of NUMBERS) {
    lines.push({ msg: record(), id: Number(mint.mint(preset).text), list: [Number(mint.mint(preset).text)] })
  }
  const { canary } = mint.mint('password')
  lines.push({ msg: record(), password: canary, db: { 'db-password': mint.mint('password').canary } })
  lines.push({
    msg: record(),
    headers: { authorization: mint.mint('bearer').text, 'x-api-key': mint.mint('password').canary },
  })
  return lines.map((line) => `${JSON.stringify({ time: TIME, level: 'info', ...line })}\n`).join('')
}

function nginxLines(mint: SecretMint, record: NextRecord): string {
  const line = (address: string, user: string, path: string, agent: string): string =>
    `${address} - ${user} [15/Jan/2026:08:00:00 +0000] "GET ${path} HTTP/1.1" 200 12 "https://x.example/?r=${record()}" "${agent}"\n`
  const lines = mint.all(isInLine).map(({ text }) => line('10.0.0.1', '-', `/p?q=${encodeURIComponent(text)}`, text))
  lines.push(line(mint.mint('ipv4').text, mint.mint('email').text, '/', 'curl'))
  lines.push(line(mint.mint('ipv6').text, '-', `/?password=${mint.mint('password').canary}`, 'curl'))
  return lines.join('')
}

function javaLines(mint: SecretMint, record: NextRecord): string {
  return mint
    .all()
    .map(
      ({ text }, i) =>
        `2026-01-15 08:00:00,${100 + i} ERROR [main] com.example.App - ${record()} failed for ${text}\n` +
        `java.lang.IllegalStateException: ${mint.mint('password').text}\n` +
        `\tat com.example.App.run(App.java:42)\n${mint.mint('private_key').text}\n` +
        `Caused by: java.io.IOException: ${mint.mint('url_password').text}\n\t... 12 more\n`,
    )
    .join('')
}

function dockerLines(mint: SecretMint, record: NextRecord): string {
  const frame = (log: string, stream = 'stdout'): string => `${JSON.stringify({ log, stream, time: TIME })}\n`
  const lines = mint
    .all(isInLine)
    .map(({ text }, i) => frame(`${record()} has ${text} in it\n`, i % 2 === 0 ? 'stdout' : 'stderr'))
  for (const line of mint.mint('private_key').text.split('\n')) {
    lines.push(frame(`${line}\n`), frame(`${record()} between\n`, 'stderr'))
  }
  for (const { text } of mint.all(isInLine)) {
    // The runtime cuts at 16 KiB, here in the middle of the secret; the other stream comes between.
    const whole = `${record()} ${'.'.repeat(16_384 - 20 - Math.floor(text.length / 2))} ${text} rest\n`
    lines.push(
      frame(whole.slice(0, 16_384 - 8)),
      frame(`${record()} between\n`, 'stderr'),
      frame(whole.slice(16_384 - 8)),
    )
  }
  return lines.join('')
}

/** What begins like JSON and is none, and bytes that are no text. */
function brokenLines(mint: SecretMint, record: NextRecord): string {
  return mint
    .all(isInLine)
    .map(({ text }) => `{"time":"${TIME}","msg":"${record()}","text":"${text}","cut":\n`)
    .join('')
}

/** Longer than `max_line`: a secret before the cut, one that is cut, one behind it. */
function longLines(mint: SecretMint, record: NextRecord): string {
  return mint
    .all(isInLine)
    .map(({ text }) => {
      const head = `${record()} ${text} `
      const cut = `${'.'.repeat(MAX_LINE_BYTES - head.length - 20)} password=${mint.mint('password').canary}`
      return `${head}${cut} ${'.'.repeat(500)} ${mint.mint('email').text}\n`
    })
    .join('')
}
