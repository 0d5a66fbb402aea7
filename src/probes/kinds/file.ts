import type { Stats } from 'node:fs'
import { stat } from 'node:fs/promises'
import { compilePattern, matchedChars } from '../../config/pattern.ts'
import type { FileProbeConfig } from '../../config/probes/file.ts'
import { codeOf } from '../../errors.ts'
import { FamilySet } from '../../metrics/family-set.ts'
import type { Clock } from '../../run/clock.ts'
import { fileFailure } from '../file-failure.ts'
import { findLine } from '../find-line.ts'
import { LoneCall } from '../lone-call.ts'
import type { Finding, Probe, ProbeRun } from '../probe.ts'
import { readHead } from '../read-head.ts'
import { findingOf, type Remark } from '../remark.ts'
import { sizeText, spanText } from '../words.ts'

const MAX_CONTENT_BYTES = 64 * 1024

interface Look {
  readonly stats: Stats
  /** Undefined: not asked for, or it is not a regular file. */
  readonly content: string | undefined
}

/** A file or folder as it is now. Never opens a FIFO or a device, since that alone may wake who is on the other side. */
export function createFileProbe(config: FileProbeConfig, { clock }: { readonly clock: Clock }): Probe {
  const lone = new LoneCall(clock)
  const { path, contentPattern } = config
  const pattern = contentPattern === undefined ? undefined : compilePattern(contentPattern)
  const maxChars = contentPattern === undefined ? 0 : matchedChars(contentPattern)
  return {
    target: path,
    async run({ signal, phases }: ProbeRun): Promise<Finding> {
      phases.enter('read')
      const waiting = lone.stillWaiting
      if (waiting !== undefined) return { status: 'unhealthy', message: waiting }
      try {
        const look = await lone.ask(path, () => lookAt(path, { readsContent: pattern !== undefined, signal }), signal)
        if (!look) return judgeAbsent(config)
        const nowMs = clock.nowMs()
        phases.enter('match')
        const isFound = pattern && (await findLine(look.content ?? '', { pattern, maxChars, clock, signal }))
        return judge(config, { stats: look.stats, nowMs, isFound })
      } catch (error) {
        signal.throwIfAborted()
        return fileFailure(path, error)
      }
    },
  }
}

interface LookOptions {
  readonly readsContent: boolean
  readonly signal: AbortSignal
}

/** Undefined: there is nothing of this path. */
async function lookAt(path: string, { readsContent, signal }: LookOptions): Promise<Look | undefined> {
  try {
    const stats = await stat(path)
    // The run may have ended while stat hung.
    if (!readsContent || !stats.isFile() || signal.aborted) return { stats, content: undefined }
    return { stats, content: (await readHead(path, MAX_CONTENT_BYTES))?.text }
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined
    throw error
  }
}

function judgeAbsent({ mustExist }: FileProbeConfig): Finding {
  const set = new FamilySet()
  set.gauge(...EXISTS, 0)
  return findingOf([{ status: mustExist ? 'unhealthy' : 'healthy', text: 'it does not exist' }], set.families())
}

const EXISTS = ['probe_file_exists', 'Whether there is a file or folder of this path.'] as const

interface Seen {
  readonly stats: Stats
  readonly nowMs: number
  readonly isFound: boolean | undefined
}

function judge(config: FileProbeConfig, { stats, nowMs, isFound }: Seen): Finding {
  const ageMs = nowMs - stats.mtimeMs
  const set = new FamilySet()
  set.gauge(...EXISTS, 1)
  set.gauge('probe_file_age_seconds', 'Since it was last changed; below zero: its time is in the future.', ageMs / 1000)
  if (stats.isFile()) set.gauge('probe_file_size_bytes', 'Its size.', stats.size)

  return findingOf(remarksOn(config, { stats, ageMs, isFound }), set.families())
}

function remarksOn(
  config: FileProbeConfig,
  { stats, ageMs, isFound }: Omit<Seen, 'nowMs'> & { ageMs: number },
): Remark[] {
  const kind = kindOf(stats)
  if (!config.mustExist) return [{ status: 'unhealthy', text: `there is a ${kind}, expected nothing` }]
  if (config.kind !== 'any' && config.kind !== kind) {
    return [{ status: 'unhealthy', text: `it is a ${kind}, expected a ${config.kind}` }]
  }
  const age = { value: ageMs, text: `changed ${spanText(ageMs)} ago`, format: spanText }
  const remarks = [...outside(age, { min: config.minAgeMs, max: config.maxAgeMs })]
  // The size of a folder says nothing of what is in it.
  const size = { value: stats.size, text: sizeText(stats.size), format: sizeText }
  if (stats.isFile()) remarks.push(...outside(size, { min: config.minSizeBytes, max: config.maxSizeBytes }))
  if (isFound === false) {
    remarks.push({ status: 'unhealthy', text: `no line of its first ${sizeText(MAX_CONTENT_BYTES)} matches` })
  }
  remarks.push({ status: 'healthy', text: [kind, ...(stats.isFile() ? [size.text] : []), age.text].join(', ') })
  return remarks
}

interface Measured {
  readonly value: number
  readonly text: string
  readonly format: (value: number) => string
}

function outside(
  { value, text, format }: Measured,
  { min, max }: { min: number | undefined; max: number | undefined },
): Remark[] {
  if (max !== undefined && value > max)
    return [{ status: 'unhealthy', text: `${text}, expected at most ${format(max)}` }]
  if (min !== undefined && value < min)
    return [{ status: 'unhealthy', text: `${text}, expected at least ${format(min)}` }]
  return []
}

const KINDS = [
  ['isFile', 'file'],
  ['isDirectory', 'directory'],
  ['isFIFO', 'FIFO'],
  ['isSocket', 'socket'],
] as const satisfies readonly (readonly [keyof Stats, string])[]

function kindOf(stats: Stats): string {
  return KINDS.find(([is]) => stats[is]())?.[1] ?? 'device'
}
