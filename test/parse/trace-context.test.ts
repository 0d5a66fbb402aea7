import t from 'tap'
import { TraceContext } from '../../src/parse/trace-context.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const SPAN = 'b7ad6b7169203331'

t.test('trace context is read from texts that name one', async (t) => {
  const cases: [string, string | undefined, string?][] = [
    [`00-${TRACE}-${SPAN}-01`, TRACE, SPAN],
    [`cc-${TRACE}-${SPAN}-01-what-comes`, TRACE, SPAN],
    [`00-${TRACE}-${SPAN}-01-what-comes`, undefined],
    [`ff-${TRACE}-${SPAN}-01`, undefined],
    [`00-${TRACE.toUpperCase()}-${SPAN}-01`, undefined],
    [`00-${'0'.repeat(32)}-${SPAN}-01`, undefined],
    [`00-${TRACE}-${'0'.repeat(16)}-01`, undefined],
    [`00-${TRACE}-${SPAN}-0`, undefined],
    [`00-${TRACE}-${SPAN}-0x`, undefined],
    [`${TRACE}-${SPAN}-1-05e3ac9a4f6e3b90`, TRACE, SPAN],
    [`${SPAN}-${SPAN}`, SPAN, SPAN],
    [`${TRACE}-${SPAN}1`, undefined],
    [TRACE, undefined],
    ['0', undefined],
    ['', undefined],
    [`projects/my-project/traces/${TRACE}`, TRACE, ''],
    [`projects/traces/${TRACE}`, undefined],
    [`x/traces/${TRACE}`, undefined],
  ]
  const context = new TraceContext()
  for (const [text, trace, span] of cases) {
    // Bytes beyond the end must not count.
    const bytes = Buffer.from(`${text}0`)
    const isRead = context.read(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length - 1)
    t.equal(isRead, trace !== undefined, text)
    if (!isRead) continue
    t.equal(bytes.toString('latin1', context.traceStart, context.traceEnd), trace)
    t.equal(bytes.toString('latin1', context.spanStart, context.spanEnd), span)
  }
})
