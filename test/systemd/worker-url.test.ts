import t from 'tap'
import { workerUrl } from '../../src/run/worker-url.ts'

const cases: { from: string; path: string; url: string }[] = [
  { from: 'file:///app/src/run/notifier.ts', path: '../watchdog', url: 'file:///app/src/watchdog.ts' },
  { from: 'file:///app/dist/run/notifier.js', path: '../watchdog', url: 'file:///app/dist/watchdog.js' },
  { from: 'file:///app/dist/main.js', path: './ingest', url: 'file:///app/dist/ingest.js' },
  { from: 'file:///a%20b.ts/dist/main.js?x=1', path: './ingest', url: 'file:///a%20b.ts/dist/ingest.js' },
]
for (const { from, path, url } of cases) {
  t.test(`a worker's file seen from ${from} is ${url}`, async (t) => {
    t.equal(workerUrl(from, path).href, url)
  })
}
