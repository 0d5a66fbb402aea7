import { REDACT_PRESETS, type RedactPreset } from '../../config/steps.ts'

const number = (name: RedactPreset): number => REDACT_PRESETS.indexOf(name)

/** The presets' numbers: indexes into REDACT_PRESETS, and their bits in a set of presets. */
export const PRESET = {
  email: number('email'),
  creditCard: number('credit_card'),
  iban: number('iban'),
  ipv4: number('ipv4'),
  ipv6: number('ipv6'),
  jwt: number('jwt'),
  bearer: number('bearer'),
  awsKey: number('aws_key'),
  gcpKey: number('gcp_key'),
  githubToken: number('github_token'),
  slackToken: number('slack_token'),
  urlPassword: number('url_password'),
  password: number('password'),
  privateKey: number('private_key'),
  cpf: number('cpf'),
  cnpj: number('cnpj'),
} as const
