import t from 'tap'
import { originalNames } from '../../src/tail/rotated-names.ts'

for (const { rotated, original, by } of [
  { rotated: 'app.log.1', original: 'app.log', by: 'logrotate' },
  { rotated: 'app.log.12.gz', original: 'app.log', by: 'logrotate, compress' },
  { rotated: 'app.log-20261124', original: 'app.log', by: 'logrotate, dateext' },
  { rotated: 'app.log-20261124.gz', original: 'app.log', by: 'logrotate, dateext, compress' },
  { rotated: 'app-20261124.log', original: 'app.log', by: 'logrotate, extension' },
  { rotated: 'app.1.log', original: 'app.log', by: 'java.util.logging' },
  { rotated: 'app-2026-11-24.log', original: 'app.log', by: 'logback' },
  { rotated: 'app-2026-11-24.1.log.gz', original: 'app.log', by: 'logback, compress' },
  { rotated: 'app.log.2026-11-24', original: 'app.log', by: 'log4j, TimedRotatingFileHandler' },
  { rotated: 'app.log.2026-11-24_10-00', original: 'app.log', by: 'TimedRotatingFileHandler, hourly' },
  { rotated: 'app_20261124.log', original: 'app.log', by: 'hand' },
  { rotated: 'app.log.old', original: 'app.log', by: 'newsyslog, hand' },
  { rotated: 'app.log.prev', original: 'app.log', by: 'hand' },
  { rotated: 'app.log.bak', original: 'app.log', by: 'hand' },
  { rotated: 'app.old.log', original: 'app.log', by: 'hand' },
  { rotated: 'app1.log.3', original: 'app1.log', by: 'logrotate' },
  { rotated: 'syslog.1', original: 'syslog', by: 'logrotate' },
  { rotated: 'access-443.log.2', original: 'access-443.log', by: 'logrotate' },
  { rotated: 'app.log.gz', original: 'app.log', by: 'gzip' },
]) {
  t.test(`${rotated} is recognised as a rotated ${original} (${by})`, async (t) => {
    t.ok(originalNames(rotated).includes(original), JSON.stringify(originalNames(rotated)))
  })
}

for (const name of ['app.log', 'syslog', 'app', '.1', 'app1.log', 'older.log', 'app.backup', '']) {
  t.test(`'${name}' is no rotated name`, async (t) => t.same(originalNames(name), []))
}

t.test('a name is never the rotated form of itself or of nothing', async (t) => {
  for (const name of ['a.1.2.3.4.log.gz', '-1', '1', '..1', 'a.old.old', 'x-1-1-1']) {
    for (const original of originalNames(name))
      t.ok(original !== '' && original !== name && name.startsWith(original[0] ?? '?'))
  }
})
