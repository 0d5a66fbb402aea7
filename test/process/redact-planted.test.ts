import fc from 'fast-check'
import t from 'tap'
import { REDACT_PRESETS, type RedactPreset } from '../../src/config/steps.ts'
import { type Entry, MASK_ALL, NEVER, redact } from './redact-harness.ts'

/** Texts with a secret, and what of them must not survive. */
const SECRETS: Readonly<Record<RedactPreset, readonly (readonly [string, string])[]>> = {
  email: [['ada.lovelace@example.com', 'lovelace']],
  credit_card: [
    ['4111111111111111', '1111111'],
    ['5105 1051 0510 5100', '5105'],
  ],
  iban: [
    ['DE89370400440532013000', '3704'],
    ['GB82 WEST 1234 5698 7654 32', '5698'],
  ],
  ipv4: [['203.0.113.77', '113']],
  ipv6: [
    ['2001:db8:0:1::42', 'db8'],
    ['::ffff:203.0.113.77', '113'],
  ],
  jwt: [['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl', 'c2ln']],
  bearer: [
    ['Bearer mF_9.B5f-4.1JqM', 'B5f'],
    ['Basic dXNlcjpwYXNzd29yZA==', 'dXNl'],
  ],
  aws_key: [
    ['AKIAIOSFODNN7EXAMPLE', 'ODNN7'],
    ['aws_secret_access_key=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', 'K7MDENG'],
  ],
  gcp_key: [['AIzaSyA1234567890abcdefghijklmnopqrstuv', 'abcdefgh']],
  github_token: [['ghp_0123456789abcdefghijABCDEFGHIJ012345', 'ABCDEFG']],
  slack_token: [
    ['xoxb-123456789012-abcdefABCDEF', 'ABCDEF'],
    ['https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXX', 'XXXX'],
  ],
  url_password: [['mysql://root:t0p-s3cr3t@db:3306/x', 's3cr3t']],
  password: [
    ['password=hunter2', 'hunter2'],
    ['"api_key": "hunter2"', 'hunter2'],
    ["'client_secret' => 'hunter2'", 'hunter2'],
  ],
  private_key: [['-----BEGIN PRIVATE KEY-----\nMIIBVQ\n-----END PRIVATE KEY-----', 'MIIBVQ']],
  cpf: [['529.982.247-25', '982']],
  cnpj: [
    ['11.222.333/0001-81', '222'],
    ['12.ABC.345/01DE-35', 'ABC'],
  ],
}

/** What may stand beside a secret without being a part of it. */
const beside = fc.constantFrom(
  '',
  ' ',
  '\n',
  '\t',
  '"',
  '\\ ',
  '(',
  '{',
  '|',
  ' é',
  '\u00fc ',
  '口',
  '😀',
  '\u2028',
  '\u0001',
  '. ',
  ', ',
  ' \\" ',
  ' @ ',
  ' :: ',
  ' = ',
)
const filler = fc.oneof(
  fc.constant(''),
  fc.constantFrom('GET /x ', 'é口 ', '\\n', 'a\tb ', '12:34:56 ', 'id=7 '),
  fc.string({ unit: 'binary', maxLength: 8 }),
)

const planted = fc
  .record({
    preset: fc.constantFrom(...REDACT_PRESETS),
    pick: fc.nat(2),
    left: beside,
    right: beside,
    lead: filler,
    rest: filler,
  })
  .map(({ preset, pick, left, right, lead, rest }) => {
    const secrets = SECRETS[preset]
    const [text = '', forbidden = ''] = secrets[pick % secrets.length] ?? []
    return { preset, forbidden, text: `${lead} ${left}${text}${right === '' ? '' : right} ${rest}` }
  })

const places: readonly ((text: string) => Entry)[] = [
  (text) => ({ message: text }),
  (text) => ({ stack_trace: text }),
  (text) => ({ user_agent: text, metadata: {} }),
  (text) => ({ service: text }),
  (text) => ({ metadata: { a: { b: [1, [text], { c: text }] } } }),
  (text) => ({ metadata: { [text]: 1, n: null } }),
  (text) => ({ metadata: { a: [{ [`x ${text}`]: { y: text } }] } }),
  (text) => ({ message: JSON.stringify({ inner: text }) }),
]

t.test('no secret survives wherever it is planted', async (t) => {
  const options = fc.record({
    place: fc.constantFrom(...places),
    mode: fc.constantFrom('mask' as const, 'hash' as const, 'remove' as const),
    plain: fc.boolean(),
  })
  let count = 0
  fc.assert(
    fc.property(planted, options, ({ text, forbidden, preset }, { place, mode, plain }) => {
      const config = { ...MASK_ALL, mode, key: 'k', patterns: plain ? NEVER : [] }
      const { entry, hits } = redact(place(text), config)
      const left = JSON.stringify(entry)
      if (left.includes(forbidden)) throw new Error(`${preset} survived: ${left}`)
      if (hits.size === 0) throw new Error('It was not counted')
      count++
    }),
    { numRuns: 3000 },
  )
  t.ok(count >= 3000)
})

t.test('a preset that is off finds nothing', async (t) => {
  for (const preset of REDACT_PRESETS) {
    for (const [text] of SECRETS[preset]) {
      t.equal(redact({ message: text }, { ...MASK_ALL, presets: [] }).entry.message, text)
      t.not(redact({ message: text }, { ...MASK_ALL, presets: [preset] }).entry.message, text, preset)
    }
  }
})
