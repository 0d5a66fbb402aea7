/** Which lines of a stream are a record together. */

import type { JoinConfig } from '../../config/steps.ts'
import { unreachable } from '../../errors.ts'
import { LineView } from '../formats/line-view.ts'
import type { FormatParser, Line } from '../line.ts'
import { TRACE, traceKind } from '../trace-lines.ts'
import { PatternRule } from './pattern-rule.ts'
import { PresetRule } from './preset-rule.ts'

export interface JoinRule {
  /** Asked for every line of a stream, in file order: it is the first of a record. */
  begins(line: Line): boolean
  /** After `begins`: the record is complete with this line. */
  ends?(line: Line): boolean
}

/** A rule has a memory of the lines before, so each stream has its own. Undefined: every line is a record. */
export function createJoinRule(config: JoinConfig, format: FormatParser): JoinRule | undefined {
  switch (config.kind) {
    case 'auto':
      return format.startsRecord === undefined ? undefined : new FormatRule(format)
    case 'none':
      return undefined
    case 'presets':
      return config.presets.length === 0 ? undefined : new PresetRule(config.presets)
    case 'start':
    case 'continue':
    case 'until':
      return new PatternRule(config.kind, config.pattern)
    default:
      return unreachable(config)
  }
}

/** As the format says; and a line that is plainly of another kind does not vanish in the record before. */
class FormatRule implements JoinRule {
  readonly #format: FormatParser
  readonly #lines = new LineView()

  constructor(format: FormatParser) {
    this.#format = format
  }

  ends(): boolean {
    return this.#format.mayGoOn === false
  }

  begins(line: Line): boolean {
    if (this.#format.startsRecord?.(line) ?? true) return true
    if (line.start >= line.end) return false
    const first = line.bytes[line.start]
    if (first !== 0x7b && first !== 0x3c) return false
    const view = this.#lines.of(line)
    return beginsForeign(view, line.start, line.end) && traceKind(view, line.start, line.end) === TRACE.none
  }
}

/** `{"` of a JSON object, or `<134>` of syslog. */
function beginsForeign(view: DataView, start: number, end: number): boolean {
  if (view.getUint8(start) === 0x7b) {
    let at = start + 1
    while (at < end && view.getUint8(at) === 0x20) at++
    return at < end && view.getUint8(at) === 0x22 && view.getUint8(end - 1) === 0x7d
  }
  let at = start + 1
  while (at < end && at < start + 4 && view.getUint8(at) >= 0x30 && view.getUint8(at) <= 0x39) at++
  return at > start + 1 && at < end && view.getUint8(at) === 0x3e
}
