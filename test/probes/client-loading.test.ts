import { execFileSync } from 'node:child_process'
import { resolve } from 'node:path'
import t from 'tap'

/** Which packages each kind has loaded: after its probe was made, and after its first run. In a process of its own, which loads nothing else. */

const SCRIPT = `
import { registerHooks } from 'node:module'
const [file, name, settings, phases] = process.argv.slice(1)
const loaded = new Set()
registerHooks({
  load(url, context, next) {
    const [, client] = /node_modules\\/(pg|mysql2|@redis\\/client|nodemailer)\\//.exec(url) ?? []
    if (client) loaded.add(client)
    return next(url, context)
  },
})
const { Phases } = await import(phases)
const config = await import(file.replace('src/probes/kinds', 'src/config/probes'))
const probe = (await import(file))['create' + name + 'Probe'](config[name.toLowerCase() + 'Probe'].parse(JSON.parse(settings)))
const before = [...loaded]
const [rss, cpu] = [process.memoryUsage.rss(), process.cpuUsage()]
const { status } = await probe.run({ signal: AbortSignal.timeout(20_000), phases: new Phases({ monotonicMs: () => performance.now() }) })
const { user, system } = process.cpuUsage(cpu)
console.log(JSON.stringify({ before, after: [...loaded], status, megabytes: (process.memoryUsage.rss() - rss) / 1e6, cpuMs: (user + system) / 1000 }))
`

const address = { host: '127.0.0.1', port: '1', user: 'app' }
const kinds = [
  { name: 'Postgres', client: ['pg'], settings: { type: 'postgres', ...address } },
  { name: 'Mysql', client: ['mysql2'], settings: { type: 'mysql', ...address } },
  { name: 'Redis', client: ['@redis/client'], settings: { type: 'redis', address: '127.0.0.1:1' } },
  { name: 'Memcached', client: [], settings: { type: 'memcached', address: '127.0.0.1:1' } },
  { name: 'Smtp', client: ['nodemailer'], settings: { type: 'smtp', address: '127.0.0.1:1' } },
]

for (const { name, client, settings } of kinds) {
  t.test(`${name} probe loads its client with its first run, not before`, async (t) => {
    const file = resolve(`src/probes/kinds/${name.toLowerCase()}.ts`)
    const args = [
      '--input-type=module',
      '-e',
      SCRIPT,
      file,
      name,
      JSON.stringify(settings),
      resolve('src/probes/phases.ts'),
    ]
    const found = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }))
    t.match(found, { before: [], status: 'unhealthy' })
    t.same(found.before, [])
    t.same(found.after, client)
    t.comment(`${name}: ${found.megabytes.toFixed(1)} MB, ${found.cpuMs.toFixed(0)} ms of CPU`)
    t.ok(found.megabytes < 40, `${found.megabytes} MB`)
  })
}
