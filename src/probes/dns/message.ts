import type { QueryType } from '../../config/probes/dns.ts'
import { encodeName, MessageError, readName } from './names.ts'
import { dataText, TYPE_NUMBERS } from './records.ts'

/** Messages of RFC 1035 4: one question, and what comes back. */

export interface Question {
  /** 16 bits that nobody can guess. */
  readonly id: number
  readonly name: string
  readonly type: QueryType
}

export interface ResourceRecord {
  readonly type: number
  readonly text: string
}

export interface DnsAnswer {
  readonly rcode: number
  /** Not all of it fitted; what is there may end anywhere, and is not read. */
  readonly isTruncated: boolean
  readonly answers: readonly ResourceRecord[]
  readonly authorityCount: number
  readonly additionalCount: number
}

const HEADER_BYTES = 12
const RECURSION_DESIRED = 0x0100
const CLASS_IN = 1

export function encodeQuery({ id, name, type }: Question): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt16BE(id, 0)
  header.writeUInt16BE(RECURSION_DESIRED, 2)
  header.writeUInt16BE(1, 4)
  const tail = Buffer.alloc(4)
  tail.writeUInt16BE(TYPE_NUMBERS[type] ?? 0, 0)
  tail.writeUInt16BE(CLASS_IN, 2)
  return Buffer.concat([header, encodeName(name), tail])
}

/**
 * Undefined: it does not answer this question (another id, no answer at all, another name), so it may be anyone's and is not listened to.
 * @throws {MessageError} when it does, and cannot be read.
 */
export function decodeAnswer(message: Buffer, question: Question): DnsAnswer | undefined {
  if (message.length < HEADER_BYTES || message.readUInt16BE(0) !== question.id) return undefined
  const flags = message.readUInt16BE(2)
  const isResponse = (flags & 0x8000) !== 0
  const rcode = flags & 0x000f
  const questionCount = message.readUInt16BE(4)
  if (!isResponse) return undefined
  // A server that could not read the question need not repeat it.
  if (questionCount !== 1 && !(questionCount === 0 && rcode !== 0)) return undefined
  const start = questionCount === 0 ? HEADER_BYTES : endOfQuestion(message, question)
  if (start === undefined) return undefined
  if ((flags & 0x0200) !== 0) return { rcode, isTruncated: true, answers: [], authorityCount: 0, additionalCount: 0 }
  const [answerCount, authorityCount, additionalCount] = [6, 8, 10].map((at) => message.readUInt16BE(at))
  const reader = new RecordReader(message, start)
  const answers = reader.read(answerCount ?? 0)
  // Read as well, so that what is counted is there.
  return {
    rcode,
    isTruncated: false,
    answers,
    authorityCount: reader.read(authorityCount ?? 0).length,
    additionalCount: reader.read(additionalCount ?? 0).length,
  }
}

function endOfQuestion(message: Buffer, { name, type }: Question): number | undefined {
  const asked = readName(message, HEADER_BYTES)
  if (asked.end + 4 > message.length) throw new MessageError('the question goes beyond the end')
  const isSame =
    asked.name === (name.replace(/\.$/, '').toLowerCase() || '.') &&
    message.readUInt16BE(asked.end) === TYPE_NUMBERS[type] &&
    message.readUInt16BE(asked.end + 2) === CLASS_IN
  return isSame ? asked.end + 4 : undefined
}

class RecordReader {
  readonly #message: Buffer
  #at: number

  constructor(message: Buffer, at: number) {
    this.#message = message
    this.#at = at
  }

  /** A record has 11 octets or more, so a count that lies ends with the message. */
  read(count: number): ResourceRecord[] {
    const records: ResourceRecord[] = []
    while (records.length < count) records.push(this.#next())
    return records
  }

  #next(): ResourceRecord {
    const message = this.#message
    const head = readName(message, this.#at).end
    if (head + 10 > message.length) throw new MessageError('a record goes beyond the end')
    const type = message.readUInt16BE(head)
    const start = head + 10
    const end = start + message.readUInt16BE(head + 8)
    if (end > message.length) throw new MessageError('a record goes beyond the end')
    this.#at = end
    return { type, text: dataText(type, { message, start, end }) }
  }
}
