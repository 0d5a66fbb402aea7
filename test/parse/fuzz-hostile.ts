import type { Subject } from './fuzz-subjects.ts'

const FILLS = [
  ...[
    '"',
    "'",
    '\\',
    '\\"',
    '\\\\',
    '\\x',
    '[',
    ']',
    '[]',
    '[ ',
    '{',
    '}',
    '{"a":',
    '(',
    ')',
    '<',
    '>',
    ' ',
    '\t',
    '=',
    ':',
    ',',
  ],
  ...[
    'a',
    'A',
    '0',
    '9',
    '1.',
    '-',
    '_',
    '.',
    '/',
    '|',
    '%',
    '@',
    '#',
    '\0',
    '\x1b[0m',
    '\x1b[',
    '\xff',
    'ü',
    '\n',
    '\n\t',
    '\na: b',
  ],
  ...[
    '" "',
    '"a" ',
    ' "a',
    ', ',
    ': ',
    ' : ',
    ' - ',
    ' [',
    '] ',
    'a=',
    'a=b ',
    'a="b" ',
    'a="b',
    "a='b ",
    '=" ',
    'a=b,',
    '\\u0041',
  ],
  ...[
    'date=2024-01-15 time=08:00:00 ',
    'Traceback',
    '\n  at x(y.js:1)',
    'Caused by: ',
    ', client: ',
    ', referer: ',
    '@a ',
    '(1)',
  ],
]

/** Lines of `bytes` bytes that are made to cost a format much: its own lines, and then one thing over and over. */
export function hostileLines({ records }: Subject, bytes: number): Buffer[] {
  const heads = ['', ...spread(records.map(headOf), 4)]
  const tokens = [...new Set(records.flatMap((record) => record.toString('latin1').match(/\w+\S?|[^\w\s]+/g) ?? []))]
  const fills = [
    ...FILLS,
    ...spread(tokens, 16),
    ...spread(records, 6).map((record) => `${record.toString('latin1')} `),
  ]
  return heads.flatMap((head) => fills.map((fill) => filled(head, fill, bytes)))
}

/** A line up to where its values begin, so that what follows is still taken for a part of it. */
function headOf(record: Buffer): string {
  const text = record.toString('latin1')
  return text.slice(0, Math.ceil(text.length * 0.6))
}

function filled(head: string, fill: string, bytes: number): Buffer {
  const line = Buffer.alloc(bytes, Buffer.from(fill, 'latin1'))
  line.write(head.slice(0, bytes), 0, 'latin1')
  return line
}

/** At most so many of the items, from all over the list. */
function spread<T>(items: readonly T[], count: number): T[] {
  const step = Math.max(1, items.length / count)
  return items.filter((_, index) => Math.floor(index / step) !== Math.floor((index - 1) / step)).slice(0, count)
}
