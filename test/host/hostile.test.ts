/** Whatever /proc holds: a round ends, with an error that says which file it was or with what could be understood. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { linuxCollectors } from '../../src/host/linux.ts'
import { renderMetrics } from '../../src/metrics/exposition.ts'
import { problemsOf } from '../api/exposition-checker.ts'
import { copyMachine, folderOf, MACHINES, type Machine, roundOf, seriesOf, statfsOf, stoppedClock } from './machines.ts'

const filesOf = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/expected\.prom|statfs\.json/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))

/** A copy of a machine, to be spoiled. */
function copyOf(test: Pick<typeof t, 'testdir'>, machine: Machine) {
  const root = test.testdir()
  copyMachine(machine, root)
  const roots = { proc: join(root, 'proc'), sys: join(root, 'sys'), root }
  const statfs = statfsOf(machine)
  const deps = {
    clock: stoppedClock,
    statfs: (path: string) => statfs(folderOf(machine) + path.slice(root.length)),
  }
  return { root, collectors: () => linuxCollectors(roots, { hasNetworkFilesystems: false }, deps) }
}

for (const machine of ['raid-bond', 'container'] as const) {
  t.test(`${machine} cut off anywhere tells nothing that is not so`, async (t) => {
    const { root, collectors } = copyOf(t, machine)
    const whole = seriesOf((await roundOf(collectors())).families)
    const procs = filesOf(join(root, 'proc')).filter((file) => !/\/sys\/|mountinfo|auxv/.test(file))
    t.ok(procs.length > 5)
    for (const file of procs) {
      const bytes = readFileSync(file)
      const wrong = new Set<string>()
      for (let i = 0; i < 16; i++) {
        writeFileSync(file, bytes.subarray(0, Math.floor((bytes.length * i) / 16)))
        const { families, failures } = await roundOf(collectors())
        for (const [key, value] of seriesOf(families)) {
          // A sum over CPUs, some of which are missing, cannot be known to be one.
          if (whole.get(key) !== value && !key.startsWith('node_nf_conntrack_stat')) wrong.add(`${key} ${value}`)
        }
        for (const { message } of failures) t.match(message, /^Cannot (read|sample) /)
      }
      writeFileSync(file, bytes)
      t.same([...wrong], [], file.slice(root.length))
    }
  })
}

for (const machine of MACHINES) {
  t.test(`${machine} with garbage in any file ends its round, and what it tells is well formed`, async (t) => {
    const { root, collectors } = copyOf(t, machine)
    const files = filesOf(root)
    const originals = new Map(files.map((file) => [file, readFileSync(file)]))
    const garbage = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.constantFrom(
        '',
        '\n',
        '\n\n\n',
        ' ',
        ':\n',
        'cpu0\n',
        '-1\n',
        'NaN\n',
        'Infinity\n',
        '1e999\n',
        '0x\n',
        '__proto__: 1 kB\n',
      ),
    )
    const spoiled = fc.tuple(fc.nat(), garbage, fc.nat(), fc.boolean())
    await fc.assert(
      fc.asyncProperty(fc.array(spoiled, { minLength: 1, maxLength: 12 }), async (list) => {
        const changed = list.map(([which, text, at, isKept]) => {
          const file = files[which % files.length] ?? ''
          const bytes = originals.get(file) ?? Buffer.alloc(0)
          const cut = at % (bytes.length + 1)
          const rest = isKept ? bytes.subarray(cut) : Buffer.alloc(0)
          writeFileSync(file, Buffer.concat([bytes.subarray(0, cut), Buffer.from(text), rest]))
          return file
        })
        const { families, failures } = await roundOf(collectors())
        for (const file of changed) writeFileSync(file, originals.get(file) ?? '')
        for (const { message } of failures) t.match(message, /^Cannot (read|sample) /)
        const problems = problemsOf(renderMetrics(families, 'prometheus'), 'prometheus')
        // The kernel names nothing twice. Garbage may, and whoever stores the samples keeps one of them.
        const [problem] = problems.filter((one) => !one.startsWith('series twice'))
        if (problem !== undefined) throw new Error(problem)
      }),
      { numRuns: 30 },
    )
  })
}
