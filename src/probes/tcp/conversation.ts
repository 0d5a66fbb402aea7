import type { Socket } from 'node:net'
import type { TcpStep } from '../../config/probes/tcp.ts'
import { ConnectionEnded, Inbox } from '../network/inbox.ts'
import { TextPattern } from '../network/text-pattern.ts'

/** The steps of a tcp probe: what is sent, and what must come back. Lines are read until one matches, as blackbox_exporter does. */

export type CompiledStep =
  | { readonly kind: 'send'; readonly bytes: Buffer }
  | { readonly kind: 'expect'; readonly pattern: TextPattern }

export type Outcome = { readonly kind: 'ok' } | { readonly kind: 'no match'; readonly message: string }

const LIMIT_BYTES = 64 * 1024
/** Of a line whose end has not come, so much is looked at: it is looked at again whenever more comes. */
const UNFINISHED_BYTES = 4096

export function compileSteps(steps: readonly TcpStep[]): CompiledStep[] {
  return steps.map((step) =>
    'send' in step
      ? { kind: 'send', bytes: bytesOf(step.send) }
      : { kind: 'expect', pattern: new TextPattern(step.expect) },
  )
}

/** \xHH means a byte; a text that has characters beyond is sent as UTF-8. */
function bytesOf(text: string): Buffer {
  return Buffer.from(text, /[^\0-\xff]/.test(text) ? 'utf8' : 'latin1')
}

/** Rejects when the connection breaks off; one that ends without what was expected is an outcome. */
export async function converse(socket: Socket, steps: readonly CompiledStep[]): Promise<Outcome> {
  const inbox = new Inbox(socket, LIMIT_BYTES)
  for (const step of steps) {
    if (step.kind === 'send') socket.write(step.bytes)
    else if (!(await comes(step.pattern, inbox))) {
      return { kind: 'no match', message: `connection closed before anything matched ${step.pattern.source}` }
    }
  }
  return { kind: 'ok' }
}

async function comes(pattern: TextPattern, inbox: Inbox): Promise<boolean> {
  for (;;) {
    for (let line = inbox.takeLine(); line !== undefined; line = inbox.takeLine()) {
      if (pattern.matchesStart(line)) return true
    }
    // Not every protocol ends its greeting with a line break.
    if (inbox.heldBytes > 0 && pattern.matchesStart(inbox.unfinishedLine(UNFINISHED_BYTES))) {
      inbox.takeNow(inbox.heldBytes)
      return true
    }
    try {
      await inbox.more()
    } catch (error) {
      if (error instanceof ConnectionEnded) return false
      throw error
    }
  }
}
