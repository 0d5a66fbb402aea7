import { MessageError, readName } from './names.ts'

/** Data of resource records as text, in the order in which zone files have it (RFC 1035 5.1); names without their last dot. */

export interface Data {
  readonly message: Buffer
  readonly start: number
  readonly end: number
}

/** RFC 1035 3.2.2, RFC 3596, RFC 2782, RFC 8659. */
export const TYPE_NUMBERS: Readonly<Record<string, number>> = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  CAA: 257,
}

const READERS = new Map<number, (data: Data) => string>([
  [1, ({ message, start, end }) => [...message.subarray(start, exactly(start, end, 4))].join('.')],
  [2, nameAlone],
  [5, nameAlone],
  [6, soa],
  [12, nameAlone],
  [15, (data) => `${numberAt(data, 0)} ${nameAfter(data, 2)}`],
  [16, txt],
  [28, aaaa],
  [33, (data) => `${numberAt(data, 0)} ${numberAt(data, 2)} ${numberAt(data, 4)} ${nameAfter(data, 6)}`],
  [257, caa],
])

/** Of a type that is not known here: RFC 3597, `\# <length> <hex>`. @throws {MessageError} when the data cannot be of that type. */
export function dataText(type: number, data: Data): string {
  const read = READERS.get(type)
  if (read) return read(data)
  const { message, start, end } = data
  return `\\# ${end - start} ${message.subarray(start, end).toString('hex')}`.trim()
}

/** Serial of the zone in the data of an SOA record. */
export function soaSerial(text: string): number {
  return Number(text.split(' ')[2])
}

function nameAlone(data: Data): string {
  return nameAfter(data, 0)
}

/** The name that ends the data after `offset` octets. */
function nameAfter({ message, start, end }: Data, offset: number): string {
  const read = readName(message.subarray(0, end), start + offset)
  if (read.end !== end) throw new MessageError('the data of a record has another length than it says')
  return read.name
}

function soa({ message, start, end }: Data): string {
  const within = message.subarray(0, end)
  const primary = readName(within, start)
  const mailbox = readName(within, primary.end)
  exactly(mailbox.end, end, 20)
  const numbers = [0, 4, 8, 12, 16].map((offset) => message.readUInt32BE(mailbox.end + offset))
  return `${primary.name} ${mailbox.name} ${numbers.join(' ')}`
}

/** Its strings as one: what SPF (RFC 7208 3.3) and others mean by several. */
function txt({ message, start, end }: Data): string {
  let text = ''
  for (let at = start; at < end; ) {
    const next = at + 1 + (message[at] ?? 0)
    if (next > end) throw new MessageError('a text goes beyond its record')
    text += message.toString('utf8', at + 1, next)
    at = next
  }
  return text
}

function aaaa({ message, start, end }: Data): string {
  exactly(start, end, 16)
  const groups = Array.from({ length: 8 }, (_, i) => message.readUInt16BE(start + 2 * i).toString(16))
  // The URL parser shortens as RFC 5952 says.
  return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1)
}

function caa({ message, start, end }: Data): string {
  const tagEnd = start + 2 + (message[start + 1] ?? 0)
  if (start + 2 > end || tagEnd > end) throw new MessageError('a tag goes beyond its record')
  return `${message[start]} ${message.toString('latin1', start + 2, tagEnd)} "${message.toString('latin1', tagEnd, end)}"`
}

function numberAt({ message, start, end }: Data, offset: number): number {
  if (start + offset + 2 > end) throw new MessageError('the data of a record is too short')
  return message.readUInt16BE(start + offset)
}

function exactly(start: number, end: number, byteCount: number): number {
  if (end - start !== byteCount) throw new MessageError('the data of a record has another length than it says')
  return end
}
