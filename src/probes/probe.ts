import type { FamilySamples } from '../metrics/exposition.ts'
import type { ProbeStatus } from '../model/probe-result.ts'
import type { Phases } from './phases.ts'

/** What one run found out. */
export interface Finding {
  readonly status: ProbeStatus
  /** One line for people: what was found, and if it is bad, what was expected. No secrets, at most 512 characters. */
  readonly message: string
  /** Beyond `probe_success` and `probe_duration_seconds`; labels without job and instance. */
  readonly families?: readonly FamilySamples[]
}

export interface ProbeRun {
  /** Aborts at the deadline, or when the agent stops: then everything the run has opened is closed, and it returns. */
  readonly signal: AbortSignal
  /** Where the time goes; the phase entered last is named when the deadline passes. */
  readonly phases: Phases
}

/** One kind of probe, configured. Runs of it never overlap. */
export interface Probe {
  /** What is probed, for the label `instance` and for messages: `https://shop.example/`, `db-1:5432`, `/var/lib/app`. No secrets. */
  readonly target: string
  /** The host that must be reached, when it takes the network: its runs are skipped while this host is offline. Undefined: everything is on this host. */
  readonly remoteHost?: string
  /**
   * Runs once. A failure is a finding; what is thrown all the same becomes an unhealthy one with the error's message, so nothing secret may stand in it.
   * On abort it returns (or throws) at once, with what it knows.
   */
  run(run: ProbeRun): Promise<Finding>
  /** Ends what is kept between runs. */
  close?(): void | Promise<void>
}
