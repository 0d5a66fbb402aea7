import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import t from 'tap'

/** Holds the map of src/README.md against the imports: arrows point down only, each package has one door. */

const ROOT = resolve(import.meta.dirname, '..')
const SRC = join(ROOT, 'src')

/** Rooms and files by floor. A file imports from lower floors and from its own room; never from a neighbour on its floor, unless it is named. */
const FLOORS: readonly (readonly string[])[] = [
  ['model'],
  ['errors', 'run', 'config', 'metrics', 'own-log'],
  ['store', 'net', 'parse', 'process'],
  ['tail', 'host', 'probes', 'deliver', 'api'],
  ['ingest', 'agent'],
  ['watchdog', 'config-reader', 'inventory-reader', 'cli', 'main'],
]

/** Neighbours that may be imported all the same, and why. */
const NEIGHBOURS: ReadonlyMap<string, readonly string[]> = new Map([
  ['config', ['errors', 'run']],
  ['run', ['errors']],
  ['own-log', ['errors', 'run']],
  ['metrics', ['errors', 'run']],
  // What the two threads say to each other: types and one settings object.
  ['agent', ['ingest']],
  // Steps work on the entry as parse leaves it: its bytes, its facts, its table of fields.
  ['process', ['parse']],
  ['main', ['cli']],
])

/** Where a package may be imported, by path in src/. */
const DOORS: ReadonlyMap<string, RegExp> = new Map([
  ['better-sqlite3', /^store\//],
  ['chokidar', /^tail\//],
  ['picomatch', /^config\/glob\.ts$/],
  ['systeminformation', /^host\//],
  ['undici', /^net\//],
  ['prom-client', /^metrics\.ts$/],
  ['yaml', /^config\/load\.ts$/],
  ['zod', /^config\//],
  ['fastify', /^api\//],
  ['pg', /^probes\/kinds\/postgres\.ts$/],
  ['mysql2', /^probes\/kinds\/mysql\.ts$/],
  ['@redis/client', /^probes\/kinds\/redis(-session)?\.ts$/],
  ['nodemailer', /^probes\/kinds\/smtp\.ts$/],
  ['pino', /^cli\/run\.ts$|^own-log/],
])

interface Import {
  readonly from: string
  readonly specifier: string
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.ts$/.test(name))
  .sort()
const textOf = new Map(files.map((file) => [file, readFileSync(join(SRC, file), 'utf8')]))

function importsOf(file: string): Import[] {
  const text = textOf.get(file) ?? ''
  const found = [
    ...text.matchAll(
      /(?:^|\n)\s*(?:import|export)\s[^'"]*?from\s+['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)|(?:^|\n)import\s+['"]([^'"]+)['"]/g,
    ),
  ]
  return found.map((match) => ({ from: file, specifier: match[1] ?? match[2] ?? match[3] ?? '' }))
}

const roomOf = (file: string): string =>
  file.includes('/') ? (file.split('/')[0] ?? '') : file.replace(/(\.d)?\.ts$/, '')
const floorOf = (room: string): number => FLOORS.findIndex((rooms) => rooms.includes(room))
const targetOf = ({ from, specifier }: Import): string => relative(SRC, resolve(SRC, dirname(from), specifier))
/** Comments and texts away: what is left is code. */
const codeOf = (file: string): string =>
  (textOf.get(file) ?? '')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(^|\s)\/\/.*$/gm, '')
    .replace(/'(?:[^'\\\n]|\\.)*'/g, "''")

const all = files.flatMap(importsOf)
const inside = all.filter(({ specifier }) => specifier.startsWith('.') && specifier.endsWith('.ts'))

t.test('every room stands on a floor', (t) => {
  t.same(
    files.filter((file) => floorOf(roomOf(file)) < 0),
    [],
  )
  t.end()
})

t.test('imports point down only', (t) => {
  const wrong = inside.filter((one) => {
    const [here, there] = [roomOf(one.from), roomOf(targetOf(one))]
    if (here === there || floorOf(there) < floorOf(here)) return false
    return !NEIGHBOURS.get(here)?.includes(there)
  })
  t.same(wrong, [])
  t.end()
})

t.test('imports have no circles, types included', (t) => {
  const edges = Map.groupBy(inside, ({ from }) => from)
  const done = new Set<string>()
  const circleFrom = (file: string, path: readonly string[]): string | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file].join(' → ')
    if (done.has(file)) return undefined
    for (const one of edges.get(file) ?? []) {
      const circle = circleFrom(targetOf(one), [...path, file])
      if (circle) return circle
    }
    done.add(file)
    return undefined
  }
  for (const file of files) t.equal(circleFrom(file, []), undefined)
  t.end()
})

t.test('packages come in by their door', (t) => {
  const names = Object.keys(
    (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { dependencies: object }).dependencies,
  )
  for (const name of names) t.ok(DOORS.has(name), `${name} has a door in this test`)
  const packages = all.filter(({ specifier }) => !specifier.startsWith('.') && !specifier.startsWith('node:'))
  for (const { from, specifier } of packages) {
    const name = specifier.startsWith('@')
      ? specifier.split('/').slice(0, 2).join('/')
      : (specifier.split('/')[0] ?? '')
    t.match(from, DOORS.get(name) ?? /^never$/, `${from} imports ${name}`)
  }
  t.end()
})

t.test('there are no barrels', (t) => {
  for (const file of files) t.notMatch(file, /(^|\/)index\.ts$/)
  t.end()
})

t.test('SQL stands in store only', (t) => {
  for (const file of files) {
    if (file.startsWith('store/')) continue
    t.notMatch(
      textOf.get(file) ?? '',
      /\b(SELECT\s.+\sFROM|INSERT (OR \w+ )?INTO|DELETE FROM|CREATE TABLE|PRAGMA \w)/,
      file,
    )
  }
  t.end()
})

t.test('timers and the clock stand in run only', (t) => {
  for (const file of files) {
    if (file.startsWith('run/')) continue
    t.notMatch(codeOf(file), /\b(setTimeout|setInterval|setImmediate|Date\.now|performance\.now|new Date\(\))\b/, file)
  }
  t.end()
})

t.test('the process is touched in main and cli only', (t) => {
  for (const file of files) {
    if (file === 'main.ts' || file.startsWith('cli/')) continue
    t.notMatch(codeOf(file), /(?<![.\w])process\.\w/, file)
  }
  t.end()
})

t.test('every room is on the map of src/README.md', (t) => {
  const map = readFileSync(join(SRC, 'README.md'), 'utf8')
  for (const room of new Set(files.map(roomOf))) t.match(map, new RegExp(`\`${room}(/|\\.ts)?\``), room)
  t.end()
})
