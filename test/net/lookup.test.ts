import { getEventListeners } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { isLinkLocal } from '../../src/net/link-local.ts'
import { lookupHost } from '../../src/net/lookup.ts'

const signal = new AbortController().signal

/** A label of 64 octets is none (RFC 1035 2.3.4): the system looks it up in vain, and asks no name server. */
const nameless = (i: number): string => `${'x'.repeat(64)}.${i}`

t.test('lookup takes an address as it is', async (t) => {
  t.same(await lookupHost('192.0.2.1', { signal }), [{ address: '192.0.2.1', family: 4 }])
  t.same(await lookupHost('2001:db8::1', { signal, family: 6 }), [{ address: '2001:db8::1', family: 6 }])
  await t.rejects(lookupHost('192.0.2.1', { signal, family: 6 }), { message: '192.0.2.1 is not an address of IPv6' })
})

t.test('lookup finds localhost as the system does', async (t) => {
  const found = await lookupHost('localhost', { signal, family: 4 })
  t.match(found, [{ address: '127.0.0.1', family: 4 }])
})

t.test('lookup sees through addresses that getaddrinfo writes otherwise', async (t) => {
  const [found] = await lookupHost('0xa9fea9fe', { signal })
  t.equal(found?.address, '169.254.169.254')
  t.ok(isLinkLocal(found?.address ?? ''))
})

t.test('lookup names a name that does not exist', async (t) => {
  await t.rejects(lookupHost('shop.invalid', { signal }), { message: /shop\.invalid/ })
})

t.test('lookup returns at the abort, though the lookup goes on, and leaves no listener', async (t) => {
  const controller = new AbortController()
  const waiting = Promise.allSettled(
    Array.from({ length: 20 }, (_, i) => lookupHost(nameless(i), { signal: controller.signal })),
  )
  controller.abort(new Error('stop'))
  const results = await waiting
  t.equal(results.filter((one) => one.status === 'rejected').length, 20)
  t.equal(getEventListeners(controller.signal, 'abort').length, 0)
  await t.rejects(lookupHost('localhost', { signal: controller.signal }), { message: 'stop' })
})

t.test('lookup has at most four under way', async (t) => {
  // Those of the test before have ended.
  await lookupHost('localhost', { signal, family: 4 })
  await setImmediate()
  const lookups = Array.from({ length: 12 }, (_, i) => lookupHost(nameless(i), { signal }).catch(() => []))
  const underWay = process.getActiveResourcesInfo().filter((name) => name === 'GetAddrInfoReqWrap')
  t.ok(underWay.length > 0 && underWay.length <= 4, `${underWay.length} under way`)
  await Promise.all(lookups)
  t.same(await lookupHost('localhost', { signal, family: 4 }), [{ address: '127.0.0.1', family: 4 }])
})

t.test('link-local addresses are known in every form', (t) => {
  for (const address of [
    '169.254.0.1',
    '169.254.169.254',
    'fe80::1',
    'fe80::1%eth0',
    'febf::1',
    'fd00:ec2::254',
    'fd00:0ec2:0:0:0:0:0:0254',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '::169.254.169.254',
    '64:ff9b::a9fe:a9fe',
  ]) {
    t.ok(isLinkLocal(address), address)
  }
  for (const address of [
    '127.0.0.1',
    '169.253.1.1',
    '10.0.0.1',
    'fec0::1',
    '::1',
    '::ffff:10.0.0.1',
    'fd00:ec2::253',
    'x',
    '',
  ]) {
    t.notOk(isLinkLocal(address), address)
  }
  t.end()
})
