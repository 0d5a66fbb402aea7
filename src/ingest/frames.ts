import type { ParseConfig } from '../config/steps.ts'
import { createCriReader } from '../parse/envelopes/cri.ts'
import { createDockerReader } from '../parse/envelopes/docker.ts'
import type { Frame } from './record-sink.ts'

/** The frames the lines of a source may have: under `auto` any, for a source that names one that, and else none. */
export function framesOf(parse: ParseConfig): Frame[] {
  if (parse.kind !== 'format') return []
  const docker = (): Frame => ({ name: 'docker', reader: createDockerReader() })
  const cri = (): Frame => ({ name: 'cri', reader: createCriReader() })
  switch (parse.format) {
    case 'auto':
      return [docker(), cri()]
    case 'docker':
      return [docker()]
    case 'cri':
      return [cri()]
    default:
      return []
  }
}
