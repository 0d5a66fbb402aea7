import type { FamilySamples } from '../../metrics/exposition.ts'
import { FamilySet } from '../../metrics/family-set.ts'
import { type HostCollector, NoData } from '../collector.ts'
import { Program } from '../programs.ts'

/**
 * Whether the clock follows a time server. The kernel tells by adjtimex(2), which Node cannot call, so chrony is asked, which knows more than the
 * kernel, and else systemd-timedated, which asks the kernel on our behalf, whoever keeps the clock.
 */

const MAX_OUTPUT_BYTES = 64 * 1024
const CHRONY = ['-n', '-c', 'tracking']
const TIMEDATE = ['show', '--no-pager', '--property=NTPSynchronized']

export interface TimexOptions {
  /** `chronyc` and `timedatectl`, or paths of what stands in for them. */
  readonly chronyc?: string
  readonly timedatectl?: string
}

export function createTimexCollector(options: TimexOptions = {}): HostCollector {
  const chronyc = new Program({ path: options.chronyc ?? 'chronyc', maxOutputBytes: MAX_OUTPUT_BYTES })
  const timedatectl = new Program({ path: options.timedatectl ?? 'timedatectl', maxOutputBytes: MAX_OUTPUT_BYTES })
  const answer = async (program: Program, args: readonly string[], signal: AbortSignal): Promise<string> => {
    const outcome = await program.run(args, signal)
    signal.throwIfAborted()
    return outcome.kind === 'exited' && outcome.code === 0 ? outcome.output : ''
  }
  return {
    name: 'timex',
    everyMs: 60_000,
    collect: async (signal) => {
      const clock =
        parseTracking(await answer(chronyc, CHRONY, signal)) ??
        parseTimedate(await answer(timedatectl, TIMEDATE, signal))
      if (clock === undefined) throw new NoData('neither chronyc nor timedatectl tells of the clock')
      return families(clock)
    },
  }
}

export interface ClockState {
  readonly isSynchronised: boolean
  /** What the clock must still be put forward, in seconds. */
  readonly offset?: number
  readonly maxError?: number
  readonly estimatedError?: number
}

/**
 * `chronyc -c tracking`: reference ID, its address, stratum, time of the last update, offset, last offset, RMS offset, frequency, residual frequency,
 * skew, root delay, root dispersion, interval, leap status. Seconds; a positive offset is a clock that is slow.
 */
export function parseTracking(text: string): ClockState | undefined {
  const fields = text.trim().split(',')
  const leap = fields[13]
  const [offset, rms, delay, dispersion] = [4, 6, 10, 11].map((index) => decimal(fields[index]))
  if (fields.length !== 14 || !LEAPS.includes(leap ?? '')) return undefined
  if (offset === undefined || rms === undefined || delay === undefined || dispersion === undefined) return undefined
  const isSynchronised = leap !== 'Not synchronised'
  // Never synchronised, chrony has zeros for all of it, which is not a perfect clock.
  if (!isSynchronised) return { isSynchronised }
  return { isSynchronised, offset, maxError: dispersion + delay / 2, estimatedError: rms }
}

const LEAPS = ['Normal', 'Insert second', 'Delete second', 'Not synchronised']

function decimal(text: string | undefined): number | undefined {
  return text !== undefined && /^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined
}

export function parseTimedate(text: string): ClockState | undefined {
  const value = /^NTPSynchronized=(yes|no)$/m.exec(text)?.[1]
  return value === undefined ? undefined : { isSynchronised: value === 'yes' }
}

function families({ isSynchronised, offset, maxError, estimatedError }: ClockState): readonly FamilySamples[] {
  const set = new FamilySet()
  set.gauge('node_timex_sync_status', '1 when the clock follows a time server.', isSynchronised ? 1 : 0)
  if (offset !== undefined) set.gauge('node_timex_offset_seconds', 'What the clock is behind the reference.', offset)
  if (maxError !== undefined)
    set.gauge('node_timex_maxerror_seconds', 'What the clock may be wrong by at most.', maxError)
  if (estimatedError !== undefined) {
    set.gauge('node_timex_estimated_error_seconds', 'What the clock is probably wrong by.', estimatedError)
  }
  return set.families()
}
