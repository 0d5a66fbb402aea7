import { globSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { type Environment, isExecutable, programInPath } from './peer.ts'

/** A daemon in the file system, or unpacked somewhere below another root. */
export interface Installed {
  readonly program: string
  /** The folder of its modules. */
  readonly modules: string
  /** What it needs to find its libraries when it is not below `/`. */
  readonly env: Readonly<Record<string, string>>
}

export interface Sought {
  readonly program: string
  /** The variable that names the root. */
  readonly variable: string
  /** The module without which it cannot POST: where it lies below `usr/lib*` or `usr/lib/<machine>`. */
  readonly module: string
  /** Where that comes from. */
  readonly packageHint: string
}

/** What was found, or what is missing. */
export function findInstalled(
  { program, variable, module, packageHint }: Sought,
  env: Environment,
): Installed | string {
  const root = env[variable] ? resolve(env[variable]) : undefined
  const path = root === undefined ? programInPath(program, env) : join(root, 'usr/sbin', program)
  if (path === undefined) return `${program} is not in PATH, and ${variable} is not set`
  if (!isExecutable(path)) return `no program below ${variable}, got ${path}`
  const [modulePath] = globSync([`usr/lib*/${module}`, `usr/lib/*/${module}`], { cwd: root ?? '/' })
  if (modulePath === undefined) return `it has no ${module} (${packageHint})`
  const modules = dirname(join(root ?? '/', modulePath))
  return { program: path, modules, env: root === undefined ? {} : { LD_LIBRARY_PATH: librariesBelow(root) } }
}

function librariesBelow(root: string): string {
  const folders = ['lib/*-linux-gnu', 'usr/lib/*-linux-gnu', 'usr/lib/syslog-ng', 'usr/lib*'].flatMap((pattern) =>
    globSync(pattern, { cwd: root }),
  )
  return folders.map((folder) => join(root, folder)).join(':')
}
