import { JsonParser } from './json.ts'
import type { EntryFacts, Line, LineContext, LineParser, NdjsonBuffer } from './line.ts'
import { createPlainParser } from './plain.ts'

/**
 * `parse: auto`. Line by line: a JSON object when it is one, else plain text. A line that only looks like JSON is text, not
 * an error.
 */
export function createAutoParser(context: LineContext): LineParser {
  return new AutoParser(context)
}

class AutoParser implements LineParser {
  readonly #json: JsonParser
  readonly #plain: LineParser

  constructor(context: LineContext) {
    this.#json = new JsonParser(context)
    this.#plain = createPlainParser(context)
  }

  parse(line: Line, out: NdjsonBuffer, facts: EntryFacts): void {
    if (!beginsObject(line) || this.#json.parseObject(line, out, facts) !== undefined)
      this.#plain.parse(line, out, facts)
  }
}

/** The first byte that is no blank is `{`. */
function beginsObject({ bytes, start, end }: Line): boolean {
  let at = start
  while (at < end && (bytes[at] === 0x20 || bytes[at] === 0x09)) at++
  return at < end && bytes[at] === 0x7b
}
