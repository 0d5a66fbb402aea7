import type { PushProbeConfig } from '../../config/probes/push.ts'
import { FamilySet } from '../../metrics/family-set.ts'
import type { Clock } from '../../run/clock.ts'
import type { Finding, Probe } from '../probe.ts'
import type { PushCall, PushInbox } from '../push-inbox.ts'
import { plainText, spanText } from '../words.ts'

export interface PushProbeDeps {
  readonly clock: Pick<Clock, 'nowMs' | 'monotonicMs'>
  readonly name: string
  readonly inbox: PushInbox
}

/** Waits for calls: the last one must not be too long ago, and tells how the caller is. Before the first, the caller has as long as between two. */
export function createPushProbe({ maxSilenceMs }: PushProbeConfig, { clock, name, inbox }: PushProbeDeps): Probe {
  const createdMs = clock.monotonicMs()
  return {
    target: name,
    run: async () => {
      const call = inbox.last(name)
      if (call) return judge(call, { agoMs: clock.nowMs() - call.atMs, maxSilenceMs })
      return judgeSilence({ sinceMs: clock.monotonicMs() - createdMs, maxSilenceMs })
    },
  }
}

function judge(call: PushCall, { agoMs, maxSilenceMs }: { agoMs: number; maxSilenceMs: number }): Finding {
  const set = new FamilySet()
  set.gauge('probe_push_last_timestamp_seconds', 'When the last call came, in seconds since 1970.', call.atMs / 1000)
  const families = set.families()
  const last = `last call ${spanText(agoMs)} ago`
  if (agoMs > maxSilenceMs) {
    return { status: 'unhealthy', message: `${last}, expected every ${spanText(maxSilenceMs)}`, families }
  }
  return { status: call.status, message: call.message === '' ? last : plainText(call.message), families }
}

function judgeSilence({ sinceMs, maxSilenceMs }: { sinceMs: number; maxSilenceMs: number }): Finding {
  const expected = `expected every ${spanText(maxSilenceMs)}`
  if (sinceMs <= maxSilenceMs) return { status: 'unknown', message: `no call yet, ${expected}` }
  return { status: 'unhealthy', message: `no call for ${spanText(sinceMs)}, ${expected}` }
}
