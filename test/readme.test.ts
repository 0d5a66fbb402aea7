import { readFileSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { FORMATS, MULTILINE_PRESETS, REDACT_PRESETS } from '../src/config/steps.ts'
import { fieldsTable } from '../src/parse/fields.ts'

/** What the README says of formats and fields is what the code knows. The table of metrics is held by metrics.test.ts. */

t.test('the table of fields in README.md is the one the parsers use', (t) => {
  const text = readFileSync('README.md', 'utf8')
  const block = /(<!-- fields -->\n)([\s\S]*?)(<!-- \/fields -->)/
  if (process.env.UPDATE_GOLDEN) {
    writeFileSync(
      'README.md',
      text.replace(block, (_, head: string, __, tail: string) => `${head}${fieldsTable()}${tail}`),
    )
  }
  t.equal(block.exec(readFileSync('README.md', 'utf8'))?.[2], fieldsTable(), 'renew it with UPDATE_GOLDEN=1')
  t.end()
})

t.test('README.md names every format, preset of multiline, and preset of redact', (t) => {
  const text = readFileSync('README.md', 'utf8')
  for (const name of [...FORMATS, ...REDACT_PRESETS]) t.match(text, new RegExp(`\`(parse: )?${name}\``), name)
  for (const name of MULTILINE_PRESETS)
    t.match(text, new RegExp(`multiline: java .*\\b${name}\\b|multiline: ${name}\\b`), name)
  t.end()
})
