import t from 'tap'
import { decodeAnswer, encodeQuery, type Question } from '../../src/probes/dns/message.ts'
import { encodeName, MessageError, readName, reverseName } from '../../src/probes/dns/names.ts'
import { seededRandom } from './network/random.ts'

const question: Question = { id: 0x1234, name: 'www.Shop.example', type: 'TXT' }

/** An answer of every known type, built by hand; each names the question's name by a pointer. */
function bigAnswer(): Buffer {
  const query = encodeQuery(question)
  const pointer = Buffer.from('c00c', 'hex')
  const record = (type: number, data: Buffer): Buffer => {
    const head = Buffer.alloc(10)
    head.writeUInt16BE(type, 0)
    head.writeUInt16BE(1, 2)
    head.writeUInt16BE(data.length, 8)
    return Buffer.concat([pointer, head, data])
  }
  const records = [
    record(1, Buffer.from([192, 0, 2, 1])),
    record(28, Buffer.from('20010db8000000000000000000000001', 'hex')),
    record(5, encodeName('other.example')),
    record(15, Buffer.concat([Buffer.from([0, 10]), encodeName('mx.example')])),
    record(6, Buffer.concat([encodeName('ns.example'), pointer, Buffer.alloc(20, 1)])),
    record(33, Buffer.concat([Buffer.from([0, 5, 0, 7, 31, 144]), encodeName('srv.example')])),
    record(16, Buffer.from('\x03one\x03two')),
    record(257, Buffer.from('\0\x05issueca.example')),
    record(99, Buffer.from('abc')),
  ]
  const message = Buffer.concat([query, ...records])
  message.writeUInt16BE(0x8180, 2)
  message.writeUInt16BE(records.length, 6)
  return message
}

t.test('dns message reads the data of every known type', (t) => {
  const answer = decodeAnswer(bigAnswer(), question)
  t.same(
    answer?.answers.map(({ text }) => text),
    [
      '192.0.2.1',
      '2001:db8::1',
      'other.example',
      '10 mx.example',
      'ns.example www.shop.example 16843009 16843009 16843009 16843009 16843009',
      '5 7 8080 srv.example',
      'onetwo',
      '0 issue "ca.example"',
      '\\# 3 616263',
    ],
  )
  t.end()
})

t.test('dns names are read as they were written', (t) => {
  for (const name of ['.', 'a', 'www.example.com', '_sip._tcp.example', 'x'.repeat(63)]) {
    const bytes = encodeName(name)
    t.same(readName(bytes, 0), { name, end: bytes.length }, name)
  }
  t.same(readName(Buffer.from('\x04a.b\\\x00', 'latin1'), 0).name, 'a\\046b\\092')
  t.end()
})

t.test('dns names that are too long or lead in circles are refused', (t) => {
  const long = Buffer.concat([...Array<Buffer>(5).fill(Buffer.from(`\x3f${'a'.repeat(63)}`)), Buffer.of(0)])
  const stairs = Buffer.concat([
    Buffer.of(0),
    ...Array.from({ length: 300 }, (_, i) => Buffer.of(0xc0 | ((i * 2) >> 8), i === 0 ? 0 : i * 2 - 1)),
  ])
  const cases: [Buffer, number, RegExp][] = [
    [long, 0, /longer than 255/],
    [Buffer.from('c000', 'hex'), 0, /in circles/],
    [Buffer.from('0161c000', 'hex'), 0, /in circles/],
    [Buffer.from('c002c000', 'hex'), 2, /in circles/],
    [Buffer.from('c002', 'hex'), 0, /in circles/],
    [Buffer.from('40', 'hex'), 0, /unknown kind/],
    [Buffer.from('05616263', 'hex'), 0, /beyond the end/],
    [Buffer.from('c0', 'hex'), 0, /beyond the end/],
    [stairs, stairs.length - 2, /in circles|too many pointers|unknown kind|beyond/],
  ]
  for (const [bytes, at, message] of cases) t.throws(() => readName(bytes, at), { message })
  t.end()
})

t.test('dns names of addresses are those of their PTR records', (t) => {
  t.equal(reverseName('192.0.2.7'), '7.2.0.192.in-addr.arpa')
  t.equal(reverseName('2001:db8::1'), `1.${'0.'.repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa`)
  t.equal(reverseName('::'), `${'0.'.repeat(32)}ip6.arpa`)
  t.equal(reverseName('www.example'), 'www.example')
  t.end()
})

t.test('dns message survives whatever is made of an answer', (t) => {
  const { seed, random } = seededRandom()
  t.comment(`SEED=${seed}`)
  const whole = bigAnswer()
  let [read, refused, ignored] = [0, 0, 0]
  const begunMs = performance.now()
  for (let round = 0; round < 20_000; round++) {
    const message = Buffer.from(whole.subarray(0, random(4) === 0 ? random(whole.length + 1) : whole.length))
    for (let i = random(6); i > 0 && message.length > 0; i--) message[random(message.length)] = random(256)
    // The one thing that is kept, or hardly any would be looked into.
    if (message.length >= 4 && random(2) === 0) whole.copy(message, 0, 0, 4)
    try {
      if (decodeAnswer(message, question)) read += 1
      else ignored += 1
    } catch (error) {
      if (!(error instanceof MessageError)) return t.fail(`SEED=${seed}: ${error} for ${message.toString('hex')}`)
      refused += 1
    }
  }
  t.ok(read > 100 && refused > 100 && ignored > 100, `${read} read, ${refused} refused, ${ignored} ignored`)
  t.ok(performance.now() - begunMs < 20_000)
  t.end()
})

t.test('dns message of 64 KiB that costs as much as it can is read in a moment', (t) => {
  const query = encodeQuery(question)
  // A name of 127 labels, and records of the shortest kind that all point at it.
  const name = Buffer.concat([...Array<Buffer>(126).fill(Buffer.from('\x01a')), Buffer.of(0)])
  const carrier = Buffer.concat([Buffer.from('c00c', 'hex'), Buffer.from('00630001000000000000', 'hex'), name])
  carrier.writeUInt16BE(name.length, 10)
  const pointed = Buffer.from(`c0${(query.length + 12).toString(16).padStart(2, '0')}00630001000000000000`, 'hex')
  const count = Math.floor((65_000 - query.length - carrier.length) / pointed.length)
  const message = Buffer.concat([query, carrier, ...Array<Buffer>(count).fill(pointed)])
  message.writeUInt16BE(0x8180, 2)
  message.writeUInt16BE(count + 1, 6)
  const begunMs = performance.now()
  t.equal(decodeAnswer(message, question)?.answers.length, count + 1)
  t.ok(performance.now() - begunMs < 1000, `${performance.now() - begunMs} ms`)
  t.end()
})
