/** What a run has opened: sockets and child processes. */
export interface Closable {
  /** Closes it now, without goodbye. Being closed twice does no harm. */
  close(): void
}

/** Ends all that a run has opened when the run is over. */
export class Opened {
  readonly #things: Closable[] = []
  #isOver = false

  /** What is added after the end is closed at once. */
  add(thing: Closable): void {
    if (this.#isOver) thing.close()
    else this.#things.push(thing)
  }

  /** The last first: node (26.10) crashes when a connection is destroyed and then, in the same tick, the TLS on top of it. */
  closeAll(): void {
    this.#isOver = true
    for (const thing of this.#things.splice(0).reverse()) thing.close()
  }
}

/**
 * Runs `work` and closes what it opened: when it is done, or in the tick in which `signal` aborts; then this rejects with the signal's reason, even
 * if `work` never settles. Leaves no listener on `signal`.
 */
export async function withOpened<T>(signal: AbortSignal, work: (opened: Opened) => Promise<T>): Promise<T> {
  signal.throwIfAborted()
  const opened = new Opened()
  const aborted = Promise.withResolvers<never>()
  const onAbort = (): void => {
    aborted.reject(signal.reason)
    opened.closeAll()
  }
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([aborted.promise, work(opened)])
  } finally {
    signal.removeEventListener('abort', onAbort)
    opened.closeAll()
  }
}
