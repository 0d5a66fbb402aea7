import { writeSync } from 'node:fs'
import { codeOf } from '../errors.ts'
import { textLine } from './text.ts'

export interface DestinationOptions {
  /** 2: stderr. */
  readonly fd: number
  readonly format: 'json' | 'text'
}

/**
 * Where the log's lines go. A line that cannot be written (nobody reads the pipe any more, the pipe is full, the disk is)
 * is counted and given up: the agent's work does not depend on who listens to it.
 */
export function logDestination(
  { fd, format }: DestinationOptions,
  { onLost }: { onLost: () => void },
): { write(line: string): void } {
  let isMidLine = false
  return {
    write(line) {
      const bytes = Buffer.from(`${isMidLine ? '\n' : ''}${format === 'text' ? textLine(line) : line}`)
      let written = 0
      try {
        while (written < bytes.length) written += writeSync(fd, bytes, written)
        isMidLine = false
      } catch (error) {
        // A line cut in the middle is ended before the next one, so that one broken line does not spoil two.
        if (written > 0) isMidLine = true
        if (codeOf(error) !== 'EPIPE') onLost()
      }
    },
  }
}
