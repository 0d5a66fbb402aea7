import t from 'tap'
import { FIELD_NAMES, fieldNumber, fieldsTable, SPELLINGS } from '../../src/parse/fields.ts'

t.test('fields table names every spelling once, and every field', async (t) => {
  const table = fieldsTable()
  for (const spelling of SPELLINGS.keys()) t.match(table, `\`${spelling}\``, spelling)
  const general = table.split('\n').filter((row) => !row.includes(' wrote it |'))
  const spellings = general.flatMap((row) =>
    [...(row.split('|')[3] ?? '').matchAll(/`([^`]+)`/g)].map((match) => match[1]),
  )
  t.equal(new Set(spellings).size, spellings.length, 'none is there twice')
  for (const row of table.trimEnd().split('\n')) t.match(row, /^\|[^|]+\|[^|]+\|[^|]+\|$/)
})

t.test('fields fit into a set of bits, and have numbers', async (t) => {
  t.ok(FIELD_NAMES.length <= 31)
  t.equal(FIELD_NAMES[fieldNumber('path')], 'path')
  t.throws(() => fieldNumber('nope'), /no field has this name/)
})
