import t from 'tap'
import { FieldPath } from '../../src/process/field-path.ts'
import { type Entry, entry } from './harness.ts'

const parse = (json: string): Entry => JSON.parse(json)
const metadata = (json: string): Entry => entry({ metadata: parse(json) })

t.test('a field is found', async (t) => {
  const cases: [string, Entry, unknown][] = [
    ['message', entry(), 'hello'],
    ['offset', entry(), 7],
    ['user_id', entry(), undefined],
    ['order.id', metadata('{"order":{"id":5}}'), 5],
    ['metadata.order.id', metadata('{"order":{"id":5}}'), 5],
    ['order.id', metadata('{"order":{"id":5},"order.id":6}'), 6],
    ['order.id', metadata('{"order":5}'), undefined],
    ['order.id', metadata('{"order":null}'), undefined],
    ['order', entry(), undefined],
    ['metadata', metadata('{"a":1}'), { a: 1 }],
    ['metadata.message', metadata('{"message":1}'), 1],
    ['metadata.message', entry(), undefined],
    ['tags.length', metadata('{"tags":[1]}'), undefined],
    ['__proto__', entry(), undefined],
    ['__proto__', metadata('{"__proto__":1}'), 1],
    ['__proto__.x', metadata('{"__proto__":{"x":1}}'), 1],
    ['constructor.name', metadata('{}'), undefined],
    ['toString', metadata('{}'), undefined],
    ['a', { metadata: 'text' }, undefined],
  ]
  for (const [name, from, expected] of cases) t.strictSame(new FieldPath(name).get(from), expected, name)
})

t.test('a field takes a value', async (t) => {
  const cases: [string, unknown, Entry, Entry][] = [
    ['team', 'a', entry(), entry({ metadata: { team: 'a' } })],
    ['metadata.team', 'a', metadata('{"team":"b"}'), entry({ metadata: { team: 'a' } })],
    ['a.b.c', 1, metadata('{"a":{"x":2}}'), metadata('{"a":{"x":2,"b":{"c":1}}}')],
    ['a.b.c', 1, metadata('{"a":5}'), metadata('{"a":5,"a.b.c":1}')],
    ['a.b.c', 1, metadata('{"a":{"b":[]}}'), metadata('{"a":{"b":[]},"a.b.c":1}')],
    ['a.b', 1, metadata('{"a.b":5,"a":{"b":6}}'), metadata('{"a.b":1,"a":{"b":6}}')],
    ['tags.length', 9, metadata('{"tags":[1]}'), metadata('{"tags":[1],"tags.length":9}')],
    ['__proto__', 1, entry(), metadata('{"__proto__":1}')],
    ['__proto__.polluted', 1, entry(), metadata('{"__proto__":{"polluted":1}}')],
    ['constructor.prototype.polluted', 1, entry(), metadata('{"constructor":{"prototype":{"polluted":1}}}')],
    ['status_code', '200', entry(), entry({ status_code: 200 })],
    ['status_code', 200.5, entry(), entry({ metadata: { status_code: 200.5 } })],
    ['status_code', 'ok', metadata('{"status_code":1}'), metadata('{"status_code":1,"status_code_":"ok"}')],
    ['duration', '0.25', entry(), entry({ duration: 0.25 })],
    ['duration', -1, entry(), entry({ metadata: { duration: -1 } })],
    ['duration', '2 s', entry(), entry({ metadata: { duration: '2 s' } })],
    ['level', 'Warn', entry(), entry({ level: 'WARNING' })],
    ['level', 50, entry(), entry({ level: 'ERROR' })],
    ['level', 'loud', entry(), entry({ metadata: { level: 'loud' } })],
    ['level', { a: 1 }, entry(), entry({ metadata: { level: { a: 1 } } })],
    ['user_id', 5, entry(), entry({ user_id: '5' })],
    ['user_id', 'a\ud800', entry(), entry({ user_id: 'a\ufffd' })],
    ['user_id', true, entry(), entry({ metadata: { user_id: true } })],
    ['timestamp', '2026-02-28 09:00:00+01:00', entry(), entry({ timestamp: '2026-02-28T08:00:00Z' })],
    ['timestamp', 1_772_000_000, entry(), entry({ timestamp: '2026-02-25T06:13:20.000Z' })],
    ['timestamp', '2099-01-01T00:00:00Z', entry(), entry({ metadata: { timestamp: '2099-01-01T00:00:00Z' } })],
    ['timestamp', 'noon', entry(), entry({ metadata: { timestamp: 'noon' } })],
    ['source', 'x', entry(), entry({ metadata: { source: 'x' } })],
    ['metadata', 5, metadata('{"a":1}'), entry({ metadata: { a: 1, metadata: 5 } })],
    ['a', 1, { metadata: 'text' }, { metadata: { a: 1 } }],
  ]
  for (const [name, value, into, expected] of cases) {
    const isPlaced = new FieldPath(name).set(into, value)
    t.same(JSON.parse(JSON.stringify(into)), JSON.parse(JSON.stringify(expected)), `${name} = ${JSON.stringify(value)}`)
    if (isPlaced) t.not(new FieldPath(name).get(into), undefined, name)
  }
  t.equal('polluted' in {}, false)
})

t.test('a field is taken out', async (t) => {
  const cases: [string, Entry, Entry][] = [
    ['user_id', entry({ user_id: 'u' }), entry()],
    ['a', metadata('{"a":1,"b":2}'), metadata('{"b":2}')],
    ['a', metadata('{"a":1}'), entry()],
    ['a.b', metadata('{"a":{"b":1}}'), metadata('{"a":{}}')],
    ['__proto__', metadata('{"__proto__":1,"b":2}'), metadata('{"b":2}')],
    ['metadata', metadata('{"a":1}'), entry()],
    ['message', entry(), entry({ message: '' })],
    ['tags.length', metadata('{"tags":[1]}'), metadata('{"tags":[1]}')],
    ['nothing', entry(), entry()],
  ]
  const required = ['timestamp', 'level', 'service', 'version', 'environment', 'host', 'source', 'file', 'offset']
  for (const name of required) cases.push([name, entry(), entry()])
  for (const [name, from, expected] of cases) {
    new FieldPath(name).delete(from)
    t.same(JSON.parse(JSON.stringify(from)), JSON.parse(JSON.stringify(expected)), name)
  }
})
