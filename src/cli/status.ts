import { EXIT, FatalError } from '../errors.ts'
import type { HealthCheck, HealthResponse } from '../model/health.ts'
import { askApi, localApi } from './local-api.ts'
import { printable } from './parse/printable.ts'

export interface StatusOptions {
  readonly configPath: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly output: 'text' | 'json'
  readonly stdout: { write(text: string): unknown }
}

type Verbose = HealthResponse & { readonly details?: { readonly inventory?: Readonly<Record<string, unknown>> } }

/** `obs-agent status`: how the running agent is. Returns 0 when it is healthy or degraded, 1 when it is unhealthy. */
export async function statusCommand({ configPath, env, output, stdout }: StatusOptions): Promise<number> {
  const { status, body } = await askApi(localApi(configPath, env), '/health?verbose')
  if (!isHealth(body)) {
    const said = String(Object(body).error ?? `status ${status}`)
    throw new FatalError(`Cannot ask the agent: ${printable(said)}`, { exitCode: EXIT.failure })
  }
  stdout.write(output === 'json' ? `${JSON.stringify(body, null, 2)}\n` : statusText(body))
  return body.status === 'unhealthy' ? EXIT.failure : EXIT.ok
}

function isHealth(body: unknown): body is Verbose {
  return typeof body === 'object' && body !== null && 'checks' in body && Array.isArray(body.checks)
}

function statusText({ status, version, uptime, service, environment, checks, details }: Verbose): string {
  const head = `obs-agent ${version}: ${status}, up ${durationText(uptime)}, ${service} (${environment})`
  const width = Math.max(...checks.map(({ name }) => name.length))
  // What is wrong first: a long list is read from the top.
  const order = ['unhealthy', 'degraded', 'healthy']
  const sorted = checks.toSorted((a, b) => order.indexOf(a.status) - order.indexOf(b.status))
  const lines = sorted.map((check) => checkLine(check, width))
  return `${[head, '', ...lines, ...inventoryLines(details?.inventory ?? {})].map(printable).join('\n')}\n`
}

function checkLine({ name, status, message }: HealthCheck, width: number): string {
  return `${status.padEnd(10)}${name.padEnd(width)}  ${message ?? ''}`
}

function inventoryLines(inventory: Readonly<Record<string, unknown>>): string[] {
  const facts = Object.entries(inventory).filter(([, value]) => typeof value === 'string' || typeof value === 'number')
  return facts.length === 0 ? [] : ['', ...facts.map(([key, value]) => `${key.padEnd(20)}${String(value)}`)]
}

function durationText(seconds: number): string {
  const minutes = Math.floor(seconds / 60)
  if (minutes < 1) return `${Math.floor(seconds)} s`
  const hours = Math.floor(minutes / 60)
  if (hours < 1) return `${minutes} min`
  const days = Math.floor(hours / 24)
  return days < 1 ? `${hours} h ${minutes % 60} min` : `${days} d ${hours % 24} h`
}
