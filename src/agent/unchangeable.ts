import type { AgentConfig } from '../config/schema.ts'

/** What a reload wants changed that cannot change while the agent runs: the folder is locked, the port is open, the series have their size. */
export function unchangeable(now: AgentConfig, wanted: AgentConfig): string[] {
  const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)
  const isSameToken = now.api.token?.reveal() === wanted.api.token?.reveal()
  return [
    ...(now.dataDir === wanted.dataDir
      ? []
      : [`data_dir: cannot change while running, got ${wanted.dataDir} instead of ${now.dataDir}; restart the agent`]),
    ...(isSame(now.api.listen, wanted.api.listen) && isSameToken
      ? []
      : ['api: cannot change while running; restart the agent']),
    ...(isSame(now.metrics, wanted.metrics) ? [] : ['metrics: cannot change while running; restart the agent']),
  ]
}
