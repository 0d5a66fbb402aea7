import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Test } from 'tap'

/** From an empty /etc systemd boots to multi-user.target in half a second; the script is a unit that follows it. */
const scriptUnit = `[Unit]
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/bash /script
ExecStopPost=/bin/systemctl exit --no-block
StandardOutput=file:/output
StandardError=file:/output
`

export interface ContainerRun {
  /** What the script printed, on either stream. */
  readonly output: string
  /** The content of /facts/<name>, which the script wrote. */
  fact(name: string): Promise<string>
}

/**
 * Boots a real systemd in a container with this host's /usr (read-only), an otherwise empty file system and no network
 * but its own loopback; runs `script` (bash, as root) in it, and shuts it down. `binds`: folders to show, by their place
 * in the container. After `timeoutMs` the container is asked to shut down; it is never killed outright.
 */
export async function runInContainer(
  t: Test,
  options: { readonly script: string; readonly binds: Readonly<Record<string, string>>; readonly timeoutMs: number },
): Promise<ContainerRun> {
  const root = await mkdtemp(join(tmpdir(), 'obs-agent-container-'))
  t.teardown(() => rm(root, { recursive: true }))
  await chmod(root, 0o755) // In a private / no service of another user starts, and the boot waits for them.
  await writeRoot(root, options.script)
  const binds = Object.entries(options.binds).map(([inside, outside]) => `--bind-ro=${outside}:${inside}`)
  const child = spawn(
    'systemd-nspawn',
    [
      ...['--quiet', '--boot', `--directory=${root}`, '--bind-ro=/usr', '--tmpfs=/usr/local', ...binds],
      ...['--private-network', '--register=no', '--keep-unit', '--link-journal=no', '--resolv-conf=off'],
      ...['--timezone=off', '--kill-signal=SIGRTMIN+4', '--console=pipe'],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const said = Promise.all([text(child.stdout), text(child.stderr)])
  const timer = setTimeout(() => child.kill('SIGTERM'), options.timeoutMs)
  await once(child, 'exit')
  clearTimeout(timer)
  const output = await readFile(join(root, 'output'), 'utf8').catch(async () => (await said).join(''))
  return { output, fact: (name) => readFile(join(root, 'facts', name), 'utf8') }
}

async function writeRoot(root: string, script: string): Promise<void> {
  const units = join(root, 'etc/systemd/system')
  await mkdir(join(units, 'multi-user.target.wants'), { recursive: true })
  for (const path of ['facts', 'opt', 'root', 'usr', 'var/log']) await mkdir(join(root, path), { recursive: true })
  for (const path of ['bin', 'lib', 'lib64', 'sbin']) await symlink(`usr/${path}`, join(root, path))
  for (const path of ['nsswitch.conf', 'ld.so.cache', 'login.defs'])
    await cp(join('/etc', path), join(root, 'etc', path))
  for (const path of ['passwd', 'group']) {
    const lines = (await readFile(join('/etc', path), 'utf8')).split('\n')
    await writeFile(join(root, 'etc', path), lines.filter((line) => !line.includes('obs-agent')).join('\n'))
  }
  for (const path of ['shadow', 'gshadow']) await writeFile(join(root, 'etc', path), '')
  await writeFile(join(root, 'etc/machine-id'), `${'b'.repeat(32)}\n`) // Without one, a first boot asks questions.
  await writeFile(join(root, 'etc/os-release'), 'ID=test\n')
  await symlink('/usr/lib/systemd/system/multi-user.target', join(units, 'default.target'))
  await writeFile(join(units, 'script.service'), scriptUnit)
  await symlink('../script.service', join(units, 'multi-user.target.wants/script.service'))
  await writeFile(join(root, 'script'), script)
}
