/** STRUCTURED-DATA of RFC 5424 (6.3): `[id name="value" …][id2 …]`, with `\"`, `\\` and `\]` in values. */
const SPACE = 0x20
const QUOTE = 0x22
const EQUALS = 0x3d
const OPEN_BRACKET = 0x5b
const BACKSLASH = 0x5c
const CLOSE_BRACKET = 0x5d

export interface StructuredData {
  /** As a JSON object of objects; a name that comes twice in an element has an array of its values. */
  readonly json: string
  /** The position after it. */
  readonly end: number
}

type Element = Map<string, string[]>

/** The elements at `start`; undefined when there are none, or they are not well-formed. Allocates. */
export function readStructuredData(bytes: Buffer, start: number, end: number): StructuredData | undefined {
  const elements = new Map<string, Element>()
  let at = start
  while (at < end && bytes[at] === OPEN_BRACKET) {
    at = readElement(bytes, at + 1, { end, elements })
    if (at < 0) return undefined
  }
  if (at === start || (at < end && bytes[at] !== SPACE)) return undefined
  const members = [...elements].map(([id, element]) => `${JSON.stringify(id)}:${elementJson(element)}`)
  return { json: `{${members.join()}}`, end: at }
}

/** The element after its `[`: the position after its `]`, or −1. */
function readElement(
  bytes: Buffer,
  start: number,
  { end, elements }: { readonly end: number; readonly elements: Map<string, Element> },
): number {
  let at = nameEnd(bytes, start, end)
  if (at < 0) return -1
  const id = bytes.toString('utf8', start, at)
  const element: Element = elements.get(id) ?? new Map()
  elements.set(id, element)
  for (;;) {
    while (at < end && bytes[at] === SPACE) at++
    if (at >= end) return -1
    if (bytes[at] === CLOSE_BRACKET) return at + 1
    const equals = nameEnd(bytes, at, end)
    if (equals < 0 || bytes[equals] !== EQUALS || bytes[equals + 1] !== QUOTE) return -1
    const quote = valueEnd(bytes, equals + 2, end)
    if (quote < 0) return -1
    const name = bytes.toString('utf8', at, equals)
    const value = bytes.toString('utf8', equals + 2, quote).replace(/\\(["\\\]])/g, '$1')
    const values = element.get(name)
    if (values) values.push(value)
    else element.set(name, [value])
    at = quote + 1
  }
}

function nameEnd(bytes: Buffer, start: number, end: number): number {
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0
    if (byte === SPACE || byte === EQUALS || byte === CLOSE_BRACKET) return at > start ? at : -1
    if (byte < SPACE || byte === QUOTE || byte === OPEN_BRACKET) return -1
  }
  return -1
}

/** The quote that ends the value; −1 without one. */
function valueEnd(bytes: Buffer, start: number, end: number): number {
  for (let at = start; at < end; at++) {
    if (bytes[at] === BACKSLASH) at++
    else if (bytes[at] === QUOTE) return at
  }
  return -1
}

function elementJson(element: Element): string {
  const members = [...element].map(
    ([name, values]) => `${JSON.stringify(name)}:${JSON.stringify(values.length === 1 ? values[0] : values)}`,
  )
  return `{${members.join()}}`
}
