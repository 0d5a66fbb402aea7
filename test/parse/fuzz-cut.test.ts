/** Every record, cut after each of its bytes, in a buffer that ends there: whoever looks at a byte too many throws. */
import t from 'tap'
import { outcomeOf } from './fuzz-entry.ts'
import { subjects } from './fuzz-subjects.ts'
import { lineOf } from './harness.ts'

const LONGEST = 300

for (const { name, create, records } of subjects()) {
  t.test(`${name} reads no byte after the end`, async (t) => {
    const parser = create()
    for (const record of records) {
      for (let end = 0; end <= Math.min(record.length, LONGEST); end++) {
        const bytes = Buffer.from(record.subarray(0, end))
        const line = lineOf('', { bytes, start: 0, end })
        try {
          parser.startsRecord?.(line)
          outcomeOf(parser, line)
        } catch (cause) {
          throw new Error(`${cause}: ${JSON.stringify(bytes.toString('latin1'))}`, { cause })
        }
      }
    }
    t.pass('of none of them')
  })
}
