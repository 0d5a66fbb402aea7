import type { Random } from './fuzz-random.ts'

const PIECES: readonly Buffer[] = [
  ...[
    '"',
    "'",
    '[',
    ']',
    '{',
    '}',
    '(',
    ')',
    '<',
    '>',
    '\\',
    '\\"',
    '\\x22',
    '\\u00',
    '\\ud800',
    '=',
    ':',
    ',',
    ', ',
    ' ',
  ],
  ...[
    '  ',
    '\t',
    '\r',
    '\n',
    '\n  at x',
    '\0',
    '\x1b[31m',
    '\x1b',
    '\x7f',
    '%',
    '-',
    '|',
    '/',
    '+',
    'ü',
    '😀',
    '\u2028',
  ],
  ...['""', '{}', '[]', '":"', ' - ', ' [', '] ', '-1', '0', '00', '1e9', '1e999', '9'.repeat(20), '99999-99-99'],
  ...['2026-02-30T25:61:61Z', '1969-12-31T23:59:59Z', '2999-01-01', 'Feb 29 00:00:00', '1772366400', 'null', 'true'],
  ...[
    '__proto__',
    'constructor',
    'metadata',
    'message=',
    'level=',
    'time=',
    '"msg":',
    '"time":',
    ', client: ',
    'ERROR',
    'I0301 ',
  ],
  ...['host', 'stream=', 'tags=', 'offset=', 'timestamp_raw=', 'level_raw', 'parse_error', 'extra=', 'toString='],
].map((piece) => Buffer.from(piece))

/** Parts of characters, and what never is UTF-8. */
const BROKEN = [[0x80], [0xc3], [0xff], [0xed, 0xa0, 0x80], [0xf0, 0x9f], [0xc0, 0x80]].map((bytes) =>
  Buffer.from(bytes),
)

type Mutation = (line: Buffer, random: Random, other: Buffer) => Buffer

const MUTATIONS: readonly Mutation[] = [
  function flipsABit(line, random) {
    const flipped = Buffer.from(line)
    const at = random.below(Math.max(1, line.length))
    if (at < line.length) flipped[at] = (flipped[at] ?? 0) ^ (1 << random.below(8))
    return flipped
  },
  (line, random) => line.subarray(0, random.below(line.length + 1)),
  (line, random) => line.subarray(random.below(line.length + 1)),
  (line, random) => {
    const [start, end] = spanOf(line, random)
    return Buffer.concat([line.subarray(0, end), line.subarray(start)])
  },
  (line, random) => {
    const [start, end] = spanOf(line, random)
    return Buffer.concat([line.subarray(0, start), line.subarray(end)])
  },
  (line, random, other) =>
    Buffer.concat([line.subarray(0, random.below(line.length + 1)), other.subarray(random.below(other.length + 1))]),
  (line, random) => inserted(line, random, random.of(PIECES)),
  (line, random) => inserted(line, random, random.of(PIECES)),
  (line, random) => inserted(line, random, random.of(BROKEN)),
  (line, random) => {
    const piece = random.of(PIECES)
    return inserted(line, random, Buffer.alloc(piece.length * random.of([2, 5, 40, 300]), piece))
  },
  (line, random) => {
    const [start, end] = spanOf(line, random)
    return Buffer.concat([line.subarray(0, start), random.of(PIECES), line.subarray(end)])
  },
  (line, random) => inserted(line, random, Buffer.from(`${' '.repeat(random.below(2))}${word(random)} `)),
]

/** One to three changes; now and then none, or nothing but noise. */
export function mutated(line: Buffer, random: Random, other: Buffer): Buffer {
  const kind = random.below(20)
  if (kind === 0) return random.bytes(random.below(80))
  let result = line
  for (let count = kind === 1 ? 0 : 1 + random.below(3); count > 0; count--) {
    result = random.of(MUTATIONS)(result, random, other)
  }
  return result
}

function inserted(line: Buffer, random: Random, piece: Buffer): Buffer {
  const at = random.below(line.length + 1)
  return Buffer.concat([line.subarray(0, at), piece, line.subarray(at)])
}

function spanOf(line: Buffer, random: Random): [number, number] {
  const start = random.below(line.length + 1)
  return [start, Math.min(line.length, start + 1 + random.below(24))]
}

/** A word that stands nowhere else: if it is lost, that is seen. */
function word(random: Random): string {
  return Array.from({ length: 8 }, () => String.fromCharCode(0x61 + random.below(26))).join('')
}
