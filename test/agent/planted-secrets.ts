/** Secrets of every preset of `redact`, each of them another one: whoever finds its text again has found a leak. */
import { REDACT_PRESETS, type RedactPreset } from '../../src/config/steps.ts'

export interface Secret {
  readonly preset: RedactPreset
  /** As a program would write it: `password=…`. */
  readonly text: string
  /** What of it must be nowhere. */
  readonly canary: string
}

export class SecretMint {
  readonly minted: Secret[] = []

  /** A new one. */
  mint(preset: RedactPreset): Secret {
    const [text, canary = text] = COINS[preset](this.minted.length)
    const secret = { preset, text, canary }
    this.minted.push(secret)
    return secret
  }

  /** A new one of every preset that `isMeant`. */
  all(isMeant: (preset: RedactPreset) => boolean = () => true): Secret[] {
    return REDACT_PRESETS.filter(isMeant).map((preset) => this.mint(preset))
  }
}

/** Text and canary of the nth secret. */
const COINS: Readonly<Record<RedactPreset, (n: number) => readonly [text: string, canary?: string]>> = {
  email: (n) => [`mail.canary.${letters(n, 6)}@leak.example.com`, `mail.canary.${letters(n, 6)}`],
  credit_card: (n) => [card(n)],
  iban: (n) => [iban(n)],
  ipv4: (n) => [`198.51.${100 + Math.floor(n / 200)}.${20 + (n % 200)}`],
  ipv6: (n) => [`2001:db8:ca7a:${hex(n, 4)}::${hex(n * 7919, 4)}`],
  jwt: (n) => {
    const signature = `${letters(n, 12)}-jwt_Canary7`
    return [`eyJhbGciOiJIUzI1NiJ9.${base64Url(JSON.stringify({ sub: n }))}.${signature}`, signature]
  },
  bearer: (n) => [`Bearer ${letters(n, 8)}Canary9bearer`, `${letters(n, 8)}Canary9bearer`],
  aws_key: (n) => [`AKIA${letters(n, 10).toUpperCase()}CANARY`],
  gcp_key: (n) => [`AIza${letters(n, 20)}_Canary8-gcpkey`],
  github_token: (n) => [`ghp_${letters(n, 20)}Canary7GithubTok`],
  slack_token: (n) => [`xoxb-7${digits(n, 11)}-${letters(n, 6)}CanarySlack`],
  url_password: (n) => [`postgres://app:urlCanary${letters(n, 8)}@db.internal/orders`, `urlCanary${letters(n, 8)}`],
  password: (n) => [`password=pwCanary${letters(n, 8)}`, `pwCanary${letters(n, 8)}`],
  private_key: (n) => {
    const canary = `MIIEcanary${letters(n, 20)}`
    return [`-----BEGIN RSA PRIVATE KEY-----\n${canary}\n-----END RSA PRIVATE KEY-----`, canary]
  },
  cpf: (n) => [cpf(n)],
  cnpj: (n) => [cnpj(n)],
}

const digits = (n: number, length: number): string => String(n).padStart(length, '0')
const hex = (n: number, length: number): string => (n % 16 ** length).toString(16).padStart(length, '1')
const base64Url = (text: string): string => Buffer.from(text).toString('base64url')

/** `n` in base 26, the same length for all. */
function letters(n: number, length: number): string {
  let text = ''
  for (let rest = n; text.length < length; rest = Math.floor(rest / 26)) text += String.fromCharCode(97 + (rest % 26))
  return text
}

/** Sixteen digits, the last one Luhn's. */
function card(n: number): string {
  const body = `453212${digits(n, 9)}`
  const sum = [...body].reduce((total, digit, i) => {
    const doubled = Number(digit) * (i % 2 === 0 ? 2 : 1)
    return total + (doubled > 9 ? doubled - 9 : doubled)
  }, 0)
  return `${body}${(10 - (sum % 10)) % 10}`
}

/** A German one: remainder 1 by 97 (ISO 13616). */
function iban(n: number): string {
  const account = `37040044${digits(n, 10)}`
  const check = 98n - (BigInt(`${account}131400`) % 97n)
  return `DE${digits(Number(check), 2)}${account}`
}

const checkDigit = (body: string, weights: readonly number[]): number => {
  const rest = weights.reduce((sum, weight, i) => sum + weight * Number(body[i]), 0) % 11
  return rest < 2 ? 0 : 11 - rest
}

function cpf(n: number): string {
  const body = `529${digits(n, 6)}`
  const first = `${body}${checkDigit(body, [10, 9, 8, 7, 6, 5, 4, 3, 2])}`
  return `${first}${checkDigit(first, [11, 10, 9, 8, 7, 6, 5, 4, 3, 2])}`
}

function cnpj(n: number): string {
  const body = `11${digits(n, 6)}0001`
  const first = `${body}${checkDigit(body, [5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2])}`
  return `${first}${checkDigit(first, [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2])}`
}
