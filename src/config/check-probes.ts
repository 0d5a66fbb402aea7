import type { Path, Problem } from './problem.ts'
import type { AgentConfig } from './schema.ts'

/** Names that other checks of /health have. */
const TAKEN: readonly string[] = ['store', 'agent', 'config', 'threads', 'checks', 'rules', 'notifications']

type At = (path: Path) => Omit<Problem, 'message'>

/** Rules between probes: each needs a name of its own in /health, and what one depends on must be there and not depend on it. */
export function checkProbes({ probes }: AgentConfig, at: At, problems: Problem[]): void {
  const dependencies = new Map(probes.map(({ name, dependsOn }) => [name, dependsOn]))
  for (const { name, dependsOn } of probes) {
    if (TAKEN.includes(name)) {
      problems.push({
        ...at(['probes', name]),
        message: `expected another name: /health has a check ${name} of its own`,
      })
    }
    dependsOn.forEach((dependency, index) => {
      const place = at(['probes', name, 'depends_on', index])
      if (!dependencies.has(dependency)) {
        problems.push({ ...place, message: `expected the name of a probe, got ${dependency}` })
        return
      }
      const circle = pathTo(name, dependency, dependencies)
      if (circle) {
        const way = [name, ...circle].join(' → ')
        problems.push({ ...place, message: `expected a probe that does not depend on this one, got ${way}` })
      }
    })
  }
}

/** The way from `from` along dependencies to `goal`, both included; undefined when there is none. */
function pathTo(
  goal: string,
  from: string,
  dependencies: ReadonlyMap<string, readonly string[]>,
): string[] | undefined {
  const seen = new Set<string>()
  const follow = (name: string): string[] | undefined => {
    if (name === goal) return [name]
    if (seen.has(name)) return undefined
    seen.add(name)
    for (const next of dependencies.get(name) ?? []) {
      const rest = follow(next)
      if (rest) return [name, ...rest]
    }
    return undefined
  }
  return follow(from)
}
