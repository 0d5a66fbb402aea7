import { unreachable } from '../errors.ts'
import { createAutoParser } from './auto.ts'
import { createJsonParser } from './json.ts'
import type { LineContext, LineParser } from './line.ts'
import { createPlainParser } from './plain.ts'

export type LineFormat = 'auto' | 'json' | 'plain'

/** The parser of a file: it keeps what it learns from the file's lines, so each file has its own. */
export function createLineParser(format: LineFormat, context: LineContext): LineParser {
  switch (format) {
    case 'auto':
      return createAutoParser(context)
    case 'json':
      return createJsonParser(context)
    case 'plain':
      return createPlainParser(context)
    default:
      return unreachable(format)
  }
}
