import {
  closeSync,
  copyFileSync,
  existsSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import Database from 'better-sqlite3'
import { noise } from './buffer-fixture.ts'

const PAGE = 16_384

/** One way of damaging a database, by the path of its main file. */
export interface Damage {
  readonly name: string
  /** Where the rows are when it happens: copied back into the file, or in the WAL. */
  readonly rowsIn: 'file' | 'wal'
  /** Whether the file can't be used any more. WALs and shared memory are SQLite's own business. */
  readonly isFatal: boolean
  /** Much like another one: enough to try it without an agent around it. */
  readonly isRepeated?: true
  readonly inflict: (path: string) => void
}

function overwrite(path: string, at: number, bytes: Buffer): void {
  const fd = openSync(path, 'r+')
  writeSync(fd, bytes, 0, bytes.length, at)
  closeSync(fd)
}

function rootPageOf(path: string, table: string): number {
  // On a copy: looking must not change what is looked at.
  copyFileSync(path, `${path}.copy`)
  const db = new Database(`${path}.copy`)
  const page = db.prepare('SELECT rootpage FROM sqlite_schema WHERE name = ?').pluck().get(table)
  db.close()
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${path}.copy${suffix}`, { force: true })
  return Number(page)
}

function garbagePages(path: string, count: number): void {
  const pages = Math.floor(statSync(path).size / PAGE)
  for (let i = 0; i < count; i++) overwrite(path, (1 + ((i * 7919) % (pages - 1))) * PAGE, noise(PAGE, i + 1))
}

function flipByte(path: string, at: number): void {
  overwrite(path, at, Buffer.from([(readFileSync(path)[at] ?? 0) ^ 0x55]))
}

/** The table of promises §3.5, for a database whose biggest table is `table`. */
export const damages = (table: string): readonly Damage[] => [
  {
    name: 'header is garbage',
    rowsIn: 'file',
    isFatal: true,
    inflict: (path) => overwrite(path, 0, noise(100)),
  },
  {
    name: 'first page is zeroed',
    rowsIn: 'file',
    isFatal: true,
    inflict: (path) => overwrite(path, 0, Buffer.alloc(PAGE)),
  },
  {
    name: 'content is replaced by text',
    rowsIn: 'file',
    isFatal: true,
    inflict: (path) => writeFileSync(path, 'this is not a database\n'.repeat(2000)),
  },
  {
    name: 'root page is garbage',
    rowsIn: 'file',
    isFatal: true,
    inflict: (path) => overwrite(path, (rootPageOf(path, table) - 1) * PAGE, noise(PAGE)),
  },
  { name: '20 random pages are garbage', rowsIn: 'file', isFatal: true, inflict: (path) => garbagePages(path, 20) },
  {
    name: 'file is truncated to half',
    rowsIn: 'file',
    isFatal: true,
    inflict: (path) => truncateSync(path, Math.floor(statSync(path).size / 2 / PAGE) * PAGE),
  },
  {
    name: 'file is truncated in the middle of a page',
    rowsIn: 'file',
    isFatal: true,
    isRepeated: true,
    inflict: (path) => truncateSync(path, PAGE * 2 + 100),
  },
  { name: 'file is emptied', rowsIn: 'file', isFatal: true, inflict: (path) => truncateSync(path) },
  {
    name: 'file is emptied and its -wal left',
    rowsIn: 'wal',
    isFatal: true,
    inflict: (path) => truncateSync(path),
  },
  { name: 'file is removed and its -wal left', rowsIn: 'wal', isFatal: true, inflict: (path) => rmSync(path) },
  {
    name: 'file and its -wal are removed',
    rowsIn: 'wal',
    isFatal: true,
    isRepeated: true,
    inflict: (path) => {
      for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true })
    },
  },
  {
    name: '-wal is garbage',
    rowsIn: 'wal',
    isFatal: false,
    inflict: (path) => writeFileSync(`${path}-wal`, noise(statSync(`${path}-wal`).size)),
  },
  {
    name: '-wal is torn',
    rowsIn: 'wal',
    isFatal: false,
    inflict: (path) => truncateSync(`${path}-wal`, Math.floor(statSync(`${path}-wal`).size * 0.7)),
  },
  {
    name: '-wal is flipped in the middle',
    rowsIn: 'wal',
    isFatal: false,
    isRepeated: true,
    inflict: (path) => flipByte(`${path}-wal`, Math.floor(statSync(`${path}-wal`).size / 2)),
  },
  { name: '-wal is removed', rowsIn: 'wal', isFatal: false, inflict: (path) => rmSync(`${path}-wal`) },
  {
    name: '-shm is garbage',
    rowsIn: 'wal',
    isFatal: false,
    inflict: (path) => {
      const bytes = existsSync(`${path}-shm`) ? statSync(`${path}-shm`).size : 32_768
      writeFileSync(`${path}-shm`, noise(bytes))
    },
  },
]

/** A byte in the middle of a chunk's body: SQLite sees nothing wrong with it. */
export function flipBodyByte(path: string, seq: number): void {
  const db = new Database(path, { readonly: true })
  const body = db.prepare('SELECT body FROM chunks WHERE seq = ?').pluck().get(seq) as Buffer
  db.close()
  const at = readFileSync(path).indexOf(body.subarray(0, 64))
  if (at < 0) throw new Error(`Cannot find chunk ${seq} in ${path}`)
  flipByte(path, at + 40)
}
