import t from 'tap'
import type { RedactConfig } from '../../src/config/steps.ts'
import { NdjsonBuffer } from '../../src/parse/line.ts'
import { createRedactStep } from '../../src/process/redact/redact-step.ts'
import { WorkingEntry } from '../../src/process/working-entry.ts'
import { entryIn, newFacts } from '../parse/harness.ts'
import { entryOf, MASK_ALL, NEVER } from './redact-harness.ts'

const BEGIN = '-----BEGIN RSA PRIVATE KEY-----'
const END = '-----END RSA PRIVATE KEY-----'
const LINE = 'MIIEowIBAAKCAQEA0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLM'
const MASK = '[private_key]'

interface From {
  readonly message: string
  readonly file?: string
  readonly metadata?: Record<string, unknown>
}

/** Messages of entries after one and the same step. */
function redacted(entries: readonly (string | From)[], config: RedactConfig): unknown[] {
  const step = createRedactStep(config)
  return entries.map((entry) => {
    const out = new NdjsonBuffer(64)
    const fields = typeof entry === 'string' ? { message: entry } : entry
    out.appendText(`${JSON.stringify({ ...entryOf({}), ...fields })}\n`)
    const work = new WorkingEntry()
    work.begin(out, 0, newFacts())
    step.apply(work)
    work.flush()
    return entryIn(out, 0).message
  })
}

const table: readonly { what: string; entries: readonly (string | From)[]; messages: readonly string[] }[] = [
  {
    what: 'a line at a time',
    entries: ['before', `key: ${BEGIN}`, LINE, `${LINE}\r`, 'QQ==', END, 'after', LINE],
    messages: ['before', `key: ${MASK}`, MASK, MASK, MASK, MASK, 'after', LINE],
  },
  {
    what: 'in a record that was cut',
    entries: [`failed\n${BEGIN}\n${LINE}`, `${LINE}\n${LINE}\n${END}\n\tat a.B(C.java:1)`, LINE],
    messages: [`failed\n${MASK}`, `${MASK}\n\tat a.B(C.java:1)`, LINE],
  },
  {
    what: 'that is encrypted',
    entries: [BEGIN, 'Proc-Type: 4,ENCRYPTED', 'DEK-Info: AES-128-CBC,0011', LINE, END, LINE],
    messages: [MASK, MASK, MASK, MASK, MASK, LINE],
  },
  {
    what: 'without an end, up to other words',
    entries: [BEGIN, LINE, 'GET / took 12 ms', LINE],
    messages: [MASK, MASK, 'GET / took 12 ms', LINE],
  },
  {
    what: 'among lines of other files and streams',
    entries: [
      BEGIN,
      { message: LINE, file: '/other.log' },
      { message: 'words of stderr', metadata: { stream: 'stderr' } },
      LINE,
    ],
    messages: [MASK, LINE, 'words of stderr', MASK],
  },
  { what: 'that is whole leaves what follows', entries: [`${BEGIN}\n${LINE}\n${END}`, LINE], messages: [MASK, LINE] },
  {
    what: 'that is public is none',
    entries: ['-----BEGIN PUBLIC KEY-----', LINE],
    messages: ['-----BEGIN PUBLIC KEY-----', LINE],
  },
]

for (const { what, entries, messages } of table) {
  t.test(`a private key ${what} is redacted`, async (t) => {
    t.strictSame(redacted(entries, MASK_ALL), messages)
    t.strictSame(redacted(entries, { ...MASK_ALL, patterns: NEVER }), messages, 'the plain way, too')
    t.strictSame(redacted(entries, { ...MASK_ALL, presets: ['email'] }).includes(LINE), true, 'only if it is asked for')
  })
}

t.test('the rest of a private key is forgotten after as many entries as a key may have', async (t) => {
  const messages = redacted([BEGIN, ...Array.from({ length: 300 }, () => LINE)], MASK_ALL)
  t.equal(messages.filter((message) => message === MASK).length, 1 + 256)
})
