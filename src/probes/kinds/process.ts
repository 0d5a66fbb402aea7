import type { ProcessProbeConfig } from '../../config/probes/process.ts'
import { FamilySet } from '../../metrics/family-set.ts'
import type { Clock } from '../../run/clock.ts'
import { fileFailure } from '../file-failure.ts'
import { type FoundProcess, type FoundProcesses, ProcessFinder } from '../find-processes.ts'
import { LoneCall } from '../lone-call.ts'
import { openFdCount } from '../open-fds.ts'
import { type PidFile, readPidFile } from '../pid-file.ts'
import type { Finding, Probe, ProbeRun } from '../probe.ts'
import { findingOf, type Remark } from '../remark.ts'
import { countText, sizeText } from '../words.ts'

export interface ProcessProbeDeps {
  readonly clock: Clock
  readonly proc: string
}

/** How many processes of a kind run, and what they take together. */
export function createProcessProbe(config: ProcessProbeConfig, { clock, proc }: ProcessProbeDeps): Probe {
  const lone = new LoneCall(clock)
  const finder = new ProcessFinder(config, { clock, proc, lone })
  const { processName, commandPattern, pidFile } = config
  return {
    target: processName ?? pidFile ?? commandPattern ?? '',
    async run({ signal, phases }: ProbeRun): Promise<Finding> {
      const waiting = lone.stillWaiting
      if (waiting !== undefined) return { status: 'unhealthy', message: waiting }
      phases.enter('pid_file')
      const pid = pidFile === undefined ? undefined : await readPid(pidFile, { lone, signal })
      if (pid?.kind === 'failed') return pid.finding
      phases.enter('processes')
      const found = await finder.find(pid, signal)
      phases.enter('descriptors')
      const fdCount = await openFdCount(proc, { pids: found.processes.map(({ stat }) => stat.pid), lone, signal })
      return judge(config, found, fdCount)
    },
  }
}

type PidRead = PidFile | { readonly kind: 'failed'; readonly finding: Finding }

async function readPid(path: string, { lone, signal }: { lone: LoneCall; signal: AbortSignal }): Promise<PidRead> {
  try {
    return await lone.ask(path, () => readPidFile(path), signal)
  } catch (error) {
    signal.throwIfAborted()
    return { kind: 'failed', finding: fileFailure(path, error) }
  }
}

function judge(config: ProcessProbeConfig, found: FoundProcesses, fdCount: number | undefined): Finding {
  return findingOf(remarksOn(config, found), familiesOf(found.processes, fdCount))
}

function remarksOn(
  { minCount, maxCount }: ProcessProbeConfig,
  { processes, zombieCount, why }: FoundProcesses,
): Remark[] {
  const count = processes.length
  const zombies = zombieCount > 0 ? ` and ${countText(zombieCount, 'zombie')}` : ''
  const running = why ?? `${countText(count, 'process', 'processes')}${zombies}`
  if (count < minCount) return [{ status: 'unhealthy', text: `${running}, expected at least ${minCount}` }]
  if (maxCount !== undefined && count > maxCount) {
    return [{ status: 'unhealthy', text: `${running}, expected at most ${maxCount}` }]
  }
  if (count === 0) return [{ status: 'healthy', text: running }]
  const pids = processes.slice(0, 5).map(({ stat }) => stat.pid)
  const more = count > pids.length ? ' …' : ''
  return [{ status: 'healthy', text: `${running} (${pids.join(', ')}${more}), ${sizeText(residentBytes(processes))}` }]
}

function familiesOf(processes: readonly FoundProcess[], fdCount: number | undefined) {
  const set = new FamilySet()
  set.gauge('probe_processes', 'Processes that run; zombies do not.', processes.length)
  if (processes.length === 0) return set.families()
  set.gauge(
    'probe_process_resident_memory_bytes',
    'Memory they hold together; shared pages count for each.',
    residentBytes(processes),
  )
  const cpuSeconds = processes.reduce((sum, { stat }) => sum + stat.cpuSeconds, 0)
  set.counter('probe_process_cpu_seconds_total', 'CPU time they have used; it falls when one of them ends.', cpuSeconds)
  if (fdCount !== undefined) set.gauge('probe_process_open_fds', 'Descriptors they have open together.', fdCount)
  const oldestMs = processes.reduce((oldest, { startedMs }) => Math.min(oldest, startedMs), Number.POSITIVE_INFINITY)
  set.gauge('probe_process_oldest_start_time_seconds', 'When the oldest began, in seconds since 1970.', oldestMs / 1000)
  return set.families()
}

function residentBytes(processes: readonly FoundProcess[]): number {
  return processes.reduce((sum, one) => sum + one.residentBytes, 0)
}
