import { messageOf } from '../../errors.ts'
import { Refusal } from './failure-text.ts'
import { UnreadableAnswer, type Wire } from './wire.ts'

type Encode = (command: string[]) => readonly (string | Buffer)[]

/** What is used of the parser of @redis/client. */
type Parser = new (listener: {
  onReply(reply: unknown): void
  onErrorReply(error: Error): void
  onPush(message: unknown): void
  getTypeMapping(): Record<number, never>
}) => { write(chunk: Buffer): void }

interface Protocol {
  readonly Decoder: Parser
  readonly encode: Encode
}

/** The words that errors of Redis begin with, and what they mean: https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors */
const WORDS: ReadonlyMap<string, string> = new Map([
  ['LOADING', 'is loading its data into memory'],
  ['NOAUTH', 'asks for a password, and none is given'],
  ['WRONGPASS', 'user or password is wrong'],
  ['NOPERM', 'the user may not do what the probe asks'],
  ['BUSY', 'is busy with a script'],
  ['MASTERDOWN', 'is a replica without its master'],
  ['DENIED', 'is in protected mode, and takes connections of its own host only'],
])

/** Commands one after the other, each with its reply. */
export class RedisSession {
  readonly #wire: Wire
  readonly #encode: Encode
  #settle: { resolve: (reply: unknown) => void; reject: (error: Error) => void } | undefined
  /** A server that is full or protected speaks first: its refusal is the answer to whatever is asked. */
  #early: Error | undefined

  constructor(wire: Wire, { Decoder, encode }: Protocol) {
    this.#wire = wire
    this.#encode = encode
    const decoder = new Decoder({
      onReply: (reply) => this.#settle?.resolve(reply),
      onErrorReply: (error) => this.#refuse(refusalOf(messageOf(error))),
      onPush: () => {},
      getTypeMapping: () => ({}),
    })
    wire.on('data', (chunk: Buffer) => decoder.write(chunk))
  }

  async ask(...command: string[]): Promise<unknown> {
    if (this.#early) throw this.#early
    const reply = new Promise((resolve, reject) => (this.#settle = { resolve, reject }))
    for (const part of this.#encode(command)) this.#wire.write(part)
    return this.#wire.whileOpen(reply)
  }

  async ping(): Promise<void> {
    if ((await this.ask('PING')) !== 'PONG') throw new UnreadableAnswer('it is not PONG')
  }

  /** Nothing when the user may not ask for it. */
  async info(): Promise<string | undefined> {
    try {
      return String(await this.ask('INFO'))
    } catch (error) {
      if (error instanceof Refusal && error.text?.startsWith('NOPERM')) return undefined
      throw error
    }
  }

  #refuse(error: Error): void {
    if (this.#settle) this.#settle.reject(error)
    else this.#early = error
  }
}

function refusalOf(text: string): Refusal {
  if (/max number of clients/.test(text)) return new Refusal('too many connections')
  if (/invalid (username-)?password/i.test(text)) return new Refusal('user or password is wrong')
  const [code = ''] = text.split(' ', 1)
  const words = WORDS.get(code)
  return code === 'NOPERM' || words === undefined
    ? new Refusal(words ?? 'the server says no', text)
    : new Refusal(words)
}
