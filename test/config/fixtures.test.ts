import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { loadConfig } from '../../src/config/load.ts'
import { formatProblem } from '../../src/config/problem.ts'

/**
 * Each `<case>.bad.yaml` says on its first line what it must be told, problems parted by ` || `, without the file's name.
 * `UPDATE_GOLDEN=1` writes these lines anew, to be read before they are kept.
 */

const dir = path.resolve('test/fixtures/config')
const env = { SET: 'set', EMPTY: '', FIVE: '5', FALSE: 'false', PORT: '9610', STRUCTURE: '{ level: info }' }
const files = readdirSync(dir)

function told(file: string): string {
  const loaded = loadConfig(file, { env })
  if (loaded.kind === 'ok') return 'nothing'
  return loaded.problems
    .map((p) =>
      formatProblem(p)
        .replace(/^.*?\.bad\.yaml:/, '')
        .replaceAll(dir, '<dir>')
        .trim(),
    )
    .join(' || ')
}

t.test('a bad configuration is refused with its problems and their places', async (t) => {
  const cases = files.filter((name) => name.endsWith('.bad.yaml'))
  t.ok(cases.length >= 30)
  for (const name of cases) {
    const file = path.join(dir, name)
    const [first = '', ...rest] = readFileSync(file, 'utf8').split('\n')
    const found = told(file)
    if (process.env.UPDATE_GOLDEN) writeFileSync(file, [`# expected: ${found}`, ...rest].join('\n'))
    else t.equal(`# expected: ${found}`, first, name)
    t.notMatch(found, /canary/, `${name} keeps secrets`)
  }
})

t.test('a good configuration is read', async (t) => {
  for (const name of files.filter((name) => name.endsWith('.good.yaml'))) {
    const loaded = loadConfig(path.join(dir, name), { env })
    t.same(loaded.kind === 'bad' ? loaded.problems : [], [], name)
  }
})
