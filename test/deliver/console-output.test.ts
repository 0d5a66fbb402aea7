import { PassThrough, Writable } from 'node:stream'
import t from 'tap'
import { encode } from '../../src/deliver/codec.ts'
import { ConsoleOutput } from '../../src/deliver/console-output.ts'

const never = new AbortController().signal
const batchOf = async (text: string) => ({
  key: 'k',
  entries: 1,
  encoding: 'zstd' as const,
  body: await encode(Buffer.from(text), 'zstd'),
})

t.test('console output writes the text of a batch', async (t) => {
  const stream = new PassThrough()
  const output = new ConsoleOutput(stream)
  t.same(await output.send(await batchOf('{"n":1}\n'), never), { kind: 'accepted' })
  t.equal(String(stream.read()), '{"n":1}\n')
})

t.test('console output accepts only when the reader has taken it, and lets go when told to stop', async (t) => {
  let take = (): void => {}
  const stream = new Writable({ write: (_chunk, _encoding, done) => (take = done) })
  const output = new ConsoleOutput(stream)
  const controller = new AbortController()
  let isAccepted = false
  const first = output.send(await batchOf('{"n":1}\n'), never).then(() => (isAccepted = true))
  await new Promise((resolve) => setTimeout(resolve, 20))
  t.notOk(isAccepted)
  take()
  await first
  const second = output.send(await batchOf('{"n":2}\n'), controller.signal)
  controller.abort(new Error('stop'))
  await t.rejects(second, { message: 'stop' })
})

t.test('console output asks for a person when the pipe is closed, and does not end the process', async (t) => {
  const stream = new PassThrough()
  stream.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
  const output = new ConsoleOutput(stream)
  t.match(await output.send(await batchOf('{"n":1}\n'), never), { kind: 'retry', isOperatorFault: true })
  await output.close()
})
