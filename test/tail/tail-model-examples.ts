import type { Command } from './tail-model.ts'

/** What random runs found, cut short: each of these sequences once lost a line or stored one twice. */

const write = (count = 0, endsLine = false): Command => ({ kind: 'write', count, endsLine })
const rename: Command = { kind: 'rotate', how: 'rename' }
const copytruncate: Command = { kind: 'rotate', how: 'copytruncate' }
const compress: Command = { kind: 'compress', nth: 0 }
const removeLive: Command = { kind: 'remove', which: 'live' }
const removeOldest: Command = { kind: 'remove', which: 'oldest' }
const pass = (ms: number): Command => ({ kind: 'pass', ms })
const read = (maxLines = 0): Command => ({ kind: 'read', maxLines })
const storeIsFull: Command = { kind: 'store', isWell: false }
const discover: Command = { kind: 'discover' }
const look: Command = { kind: 'look' }
const seal: Command = { kind: 'seal' }
const step: Command = { kind: 'step' }
const restart: Command = { kind: 'restart' }
const crash: Command = { kind: 'crash' }
const writeLate: Command = { kind: 'writeLate' }
const truncate: Command = { kind: 'truncate' }
const backup: Command = { kind: 'backup' }

const NARROW = 'app.log'
const BROAD = 'app.log*'

export const EXAMPLES: [Command[], string, number][] = [
  [[rename, write(), discover, discover], NARROW, 1],
  [[copytruncate, storeIsFull, write(), rename], NARROW, 1],
  [[restart, copytruncate, removeLive, write(), read(), copytruncate, discover], NARROW, 1],
  [[copytruncate, rename, discover, read(), pass(100)], BROAD, 1],
  [
    [rename, compress, write(), restart, discover, copytruncate, write(3), step, write(1, true), seal, restart],
    NARROW,
    1,
  ],
  [[rename, compress, writeLate, read(), truncate, discover], BROAD, 40],
  [[removeLive, write(), backup, read(), discover, write()], NARROW, 40],
  [[crash, rename, compress, discover, write(), rename, write(), restart, truncate], NARROW, 1],
  [[copytruncate, rename, discover, removeLive, read()], BROAD, 1],
  [[backup, restart, rename, compress, write(), write(40), discover], NARROW, 40],
  [[rename, write(), backup, rename, read()], NARROW, 40],
  [[copytruncate, rename, rename], BROAD, 1],
  [[rename, write(), writeLate, look, removeLive], BROAD, 1],
  [[backup, write(), rename, pass(61_000)], NARROW, 40],
  [[truncate, rename, writeLate, compress, read(), discover, write()], BROAD, 1],
  [[backup, write(), removeLive, write(), discover, discover], BROAD, 40],
  [[rename, step, pass(61_000), step, writeLate, compress], NARROW, 40],
  [[copytruncate, removeLive, discover, write(), compress, rename, write()], BROAD, 40],
  [[copytruncate, rename, discover, restart, truncate, compress], BROAD, 1],
  [[write(), backup, rename, compress, restart, discover, discover, writeLate], NARROW, 40],
  [[write(), look, pass(6000), step, step, write(1), rename, restart, write(), compress, storeIsFull], NARROW, 1],
  [[backup, copytruncate, compress, write(), rename, crash, removeLive, pass(100)], BROAD, 40],
  [[write(40), backup, rename, compress, restart, discover, read(), rename], BROAD, 1],
  [[rename, write(40), discover, backup, write(40), rename, restart], BROAD, 1],
  [[backup, write(1), step, copytruncate, removeLive, discover, write(), write()], NARROW, 40],
  [[copytruncate, discover, rename, removeOldest, write(), rename, discover, rename], BROAD, 40],
  [[truncate, write(40), copytruncate, write(), discover, rename, seal, removeLive, compress], BROAD, 1],
  [[backup, write(1), step, truncate, removeLive, discover, write()], NARROW, 40],
]
