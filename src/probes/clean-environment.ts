/** What PATH is when the agent has none: as systemd.exec(5) sets it for system services. */
const USUAL_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin'

const PASSED_ON = /^(PATH|HOME|LANG|LC_[A-Z]+|TZ)$/

export type Variables = Readonly<Record<string, string | undefined>>

/**
 * The environment of a program that a probe runs: what it needs to find programs and to speak the language of the host, and what the operator gives it.
 * Everything else stays here: tokens, the socket of systemd, what changes how Node or the dynamic linker behave.
 */
export function cleanEnvironment(agent: Variables, given: Readonly<Record<string, string>>): Record<string, string> {
  const clean: Record<string, string> = { PATH: USUAL_PATH }
  for (const [name, value] of Object.entries(agent)) {
    if (value !== undefined && PASSED_ON.test(name)) clean[name] = value
  }
  return { ...clean, ...given }
}
