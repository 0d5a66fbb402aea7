import type { Writable } from 'node:stream'
import type { OutputConfig } from '../config/schema.ts'
import { unreachable } from '../errors.ts'
import type { Clock } from '../run/clock.ts'
import type { CircuitOptions } from './circuit.ts'
import { ConsoleOutput } from './console-output.ts'
import { FileOutput } from './file-output.ts'
import { HttpOutput } from './http-output.ts'
import type { Destination } from './verdict.ts'

export interface DestinationDeps {
  readonly clock: Clock
  /** The agent's version. */
  readonly version: string
  /** Where `type: console` writes. */
  readonly stdout: Writable
}

/** The place an output of agent.yaml names. Opens and connects nothing yet. */
export function createDestination(output: OutputConfig, deps: DestinationDeps): Destination {
  switch (output.type) {
    case 'http':
      return new HttpOutput(output, deps)
    case 'file':
      return new FileOutput(output, deps)
    case 'console':
      return new ConsoleOutput(deps.stdout)
    default:
      return unreachable(output)
  }
}

/** A file and a terminal take one batch after the other, in order. */
const LOCAL: CircuitOptions = { inFlightCount: 1, minMs: 1000, maxMs: 60_000 }

/** How an output is to be sent to. */
export function sendingOptions(output: OutputConfig): CircuitOptions {
  if (output.type !== 'http') return LOCAL
  return { inFlightCount: output.inFlightCount, minMs: output.retryMinMs, maxMs: output.retryMaxMs }
}
