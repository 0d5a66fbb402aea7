import { isIP } from 'node:net'

/** Names of RFC 1035: as text, and as octets in a message. */

/** RFC 1035 2.3.4, with the lengths of the labels. */
const MAX_NAME_BYTES = 255
/** As many as a name has labels: more pointers than that only cost time. */
const MAX_POINTERS = 127

/** What a message says cannot be meant. */
export class MessageError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'MessageError'
  }
}

/** `name`: one that the configuration let through. */
export function encodeName(name: string): Buffer {
  const labels = name.replace(/\.$/, '').split('.')
  const parts = labels
    .filter((label) => label !== '')
    .map((label) => [Buffer.of(label.length), Buffer.from(label, 'latin1')])
  return Buffer.concat([...parts.flat(), Buffer.of(0)])
}

/**
 * The name at `at`, in lower case and without its last dot, and where the octets after it begin. A pointer (4.1.4) must lead to before the
 * labels that it ends, so no crafted message makes this run in circles. @throws {MessageError}
 */
export function readName(message: Buffer, at: number): { name: string; end: number } {
  const labels: string[] = []
  let end: number | undefined
  let [position, lowest, byteCount, pointerCount] = [at, at, 0, 0]
  for (;;) {
    const length = message[position]
    if (length === undefined) throw new MessageError('a name goes beyond the end')
    if (length === 0) break
    if (length >= 0xc0) {
      const low = message[position + 1]
      if (low === undefined) throw new MessageError('a name goes beyond the end')
      end ??= position + 2
      position = ((length & 0x3f) << 8) | low
      if (position >= lowest) throw new MessageError('a name points forward or in circles')
      lowest = position
      pointerCount += 1
      if (pointerCount > MAX_POINTERS) throw new MessageError('a name has too many pointers')
      continue
    }
    if (length > 63) throw new MessageError('a label is of an unknown kind')
    if (position + 1 + length > message.length) throw new MessageError('a name goes beyond the end')
    byteCount += length + 1
    if (byteCount >= MAX_NAME_BYTES) throw new MessageError('a name is longer than 255 octets')
    labels.push(labelText(message.subarray(position + 1, position + 1 + length)))
    position += 1 + length
  }
  return { name: labels.join('.').toLowerCase() || '.', end: end ?? position + 1 }
}

/** RFC 4343 2.1: what is not a visible character, a dot or a backslash is written as \DDD. */
function labelText(label: Buffer): string {
  return label.toString('latin1').replace(/[^\x21-\x7e]|[.\\]/g, (c) => `\\${String(c.charCodeAt(0)).padStart(3, '0')}`)
}

/** The name under which PTR records of an address are (RFC 1035 3.5, RFC 3596 2.5); other names as they are. */
export function reverseName(name: string): string {
  const family = isIP(name)
  if (family === 0) return name
  if (family === 4) return `${name.split('.').reverse().join('.')}.in-addr.arpa`
  const groups = expanded(name).map((group) => group.padStart(4, '0'))
  return `${[...groups.join('')].reverse().join('.')}.ip6.arpa`
}

/** The eight groups of an IPv6 address. */
function expanded(address: string): string[] {
  // The URL parser writes a trailing IPv4 part as two groups.
  const bare = new URL(`http://[${address.replace(/%.*$/, '')}]/`).hostname.slice(1, -1)
  const [head = '', tail] = bare.split('::')
  const [before, after] = [head, tail ?? ''].map((part) => part.split(':').filter((group) => group !== ''))
  const missing = tail === undefined ? 0 : 8 - (before?.length ?? 0) - (after?.length ?? 0)
  return [...(before ?? []), ...Array<string>(missing).fill('0'), ...(after ?? [])]
}
