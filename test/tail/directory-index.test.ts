import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import t from 'tap'
import { compileGlobs } from '../../src/config/glob.ts'
import { DirectoryIndex } from '../../src/tail/directory-index.ts'
import { Folders } from '../../src/tail/folders.ts'

function createIndex(t: { after(work: () => void): void }, include: string[], leftOut: string[] = []) {
  const folder = mkdtempSync(join(tmpdir(), 'index-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const globs = compileGlobs(
    include.map((glob) => join(folder, glob)),
    [],
  )
  const index = new DirectoryIndex(globs, (path) => leftOut.some((name) => path === join(folder, name)))
  const at = (name: string): string => join(folder, name)
  const put = (name: string): void => {
    mkdirSync(join(at(name), '..'), { recursive: true })
    writeFileSync(at(name), 'x')
  }
  const paths = (): string[] => {
    index.refresh(Date.now())
    return index.paths.map((path) => relative(folder, path))
  }
  return { index, at, put, paths, folder }
}

t.test('the index lists what matches, in the order of names, and follows what comes, goes and moves', async (t) => {
  const { at, put, paths } = createIndex(t, ['**/*.log'])
  for (const name of ['b.log', 'a.log', 'no.txt', 'd/e/f.log']) put(name)
  t.same(paths(), ['a.log', 'b.log', 'd/e/f.log'])
  renameSync(at('d/e'), at('d/g'))
  unlinkSync(at('a.log'))
  put('d/new.log')
  t.same(paths(), ['b.log', 'd/g/f.log', 'd/new.log'])
  rmSync(at('d'), { recursive: true })
  t.same(paths(), ['b.log'])
})

t.test('a deep glob looks into a folder that a shallow one names', async (t) => {
  for (const include of [
    ['a/b/*.log', 'a/**/*.log'],
    ['a/**/*.log', 'a/b/*.log'],
  ]) {
    const { put, paths } = createIndex(t, include)
    for (const name of ['a/b/1.log', 'a/b/c/2.log', 'a/b/c/d/3.log']) put(name)
    t.same(paths(), ['a/b/1.log', 'a/b/c/2.log', 'a/b/c/d/3.log'])
  }
})

t.test('a folder that did not change is not listed again, one that changed a moment ago is', async (t) => {
  const { index, at, put } = createIndex(t, ['*.log'])
  put('a.log')
  const nowMs = Date.now()
  t.equal(index.refresh(nowMs), true)
  t.equal(index.refresh(nowMs), true, 'its time may stand still while it changes')
  t.equal(index.refresh(nowMs + 5000), true, 'listed once more, and settled')
  t.equal(index.refresh(nowMs + 5000), false)
  put('b.log')
  t.equal(index.refresh(nowMs + 5000), true)
  utimesSync(at('.'), 1, 1)
  t.equal(index.refresh(nowMs + 5000), true)
  t.equal(index.refresh(nowMs + 5000), false)
})

t.test('folders that are left out, linked, or unreadable are not entered', async (t) => {
  const { at, put, paths, folder } = createIndex(t, ['**/*.log'], ['data'])
  for (const name of ['data/own.log', 'ok/1.log']) put(name)
  symlinkSync(folder, at('ok/loop'))
  symlinkSync(at('ok/1.log'), at('linked.log'))
  t.same(paths(), ['linked.log', 'ok/1.log'])
})

t.test('the folders to be watched are those that were seen', async (t) => {
  const { index, put, paths, folder } = createIndex(t, ['**/*.log'])
  for (const name of ['a/1.log', 'b/c/2.log']) put(name)
  paths()
  t.same([...index.folders].map((path) => relative(folder, path)).sort(), ['', 'a', 'b', 'b/c'])
})

t.test('listings find siblings by rotated name and by inode, and notice every change of names', async (t) => {
  const { at, put } = createIndex(t, ['*'])
  let nowMs = Date.now() + 5000
  const folders = new Folders(() => nowMs)
  for (const name of ['app.log', 'app.log.1', 'app.log.2.gz', 'other.log']) put(name)
  const names = (paths: readonly string[]): string[] => paths.map((path) => relative(at('.'), path)).sort()
  t.same(names(folders.rotatedSiblings(at('app.log'))), ['app.log.1', 'app.log.2.gz'])
  t.same(names(folders.siblings(at('app.log'))), ['app.log.1', 'app.log.2.gz', 'other.log'])
  const { statSync } = await import('node:fs')
  const ino = String(statSync(at('app.log')).ino)
  t.same(folders.withInode(at('app.log'), ino), [], 'itself is no sibling')
  renameSync(at('app.log'), at('app.log.3'))
  t.same(names(folders.withInode(at('app.log'), ino)), ['app.log.3'])
  nowMs += 5000
  t.same(names(folders.rotatedSiblings(at('app.log'))), ['app.log.1', 'app.log.2.gz', 'app.log.3'])
  t.same(folders.rotatedSiblings(at('nowhere/app.log')), [])
})
