import {
  closeSync,
  copyFileSync,
  existsSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { basename } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { gzipInPlace, type TailRig } from './tail-rig.ts'

/** Bytes that were written at one time. A line is one token or more. */
interface Token {
  readonly id: number
  readonly text: string
}

/** What one inode holds, or a copy of it does: the tokens, and what may become of them. */
interface Content {
  tokens: Token[]
  /** The text, to know its lines. */
  text: string
}

const ROTATED = /^app\.log\.(\d+)(\.gz)?$/

/**
 * A program that writes a log, and everyone who moves it about, on the real file system; beside it the books: which token must
 * be stored exactly once, and which may be lost because the last name of what holds it went while it was not stored.
 */
export class LogWorld {
  readonly rig: TailRig
  /** Tokens that may be lost. */
  readonly excused = new Set<number>()
  readonly tokens = new Map<number, Token>()
  /** Lines as they stood in files, ends left out. */
  readonly lines = new Set<string>()
  /** By inode. */
  readonly #contents = new Map<string, Content>()
  /** By inode, while somebody has it open. */
  readonly #unlinked = new Map<string, Content>()
  /** Written and deleted; only the tailer's descriptor keeps it. Lost by a crash. */
  #fragile: Content[] = []
  #storedIds = new Set<number>()
  #storedCount = 0
  #nextId = 1
  #nextTarget = 1
  /** The writer's descriptor from before the last rotation. */
  #lateFd: number | undefined

  constructor(rig: TailRig) {
    this.rig = rig
  }

  close(): void {
    if (this.#lateFd !== undefined) closeSync(this.#lateFd)
  }

  get #path(): string {
    return this.rig.path('app.log')
  }

  write(count: number, endsLine: boolean): void {
    const isNew = !existsSync(this.#path)
    const fd = openSync(this.#path, 'a')
    if (isNew) this.#unlinked.delete(String(fstatSync(fd).ino)) // Given out again.
    for (let n = 0; n < count; n++) this.#append(fd, true)
    if (!endsLine) this.#append(fd, false)
    closeSync(fd)
  }

  writeLate(): void {
    if (this.#lateFd === undefined) return
    const { ino, nlink, size } = fstatSync(this.#lateFd)
    // What was compressed and grew on is known again by its first KiB only.
    const isHeld = this.isHeld(String(ino))
    if ((nlink === 0 || !isHeld) && size < 1024) return
    const id = this.#append(this.#lateFd, true)
    // The tailer has let go of it, or never had it: written after rotate_wait.
    if (!isHeld) this.excused.add(id)
  }

  #append(fd: number, endsLine: boolean): number {
    const id = this.#nextId++
    const text = `t${id};${'x'.repeat((id * 7919) % 90)}${endsLine ? '\n' : ''}`
    writeSync(fd, text)
    const ino = String(fstatSync(fd).ino)
    const content = this.#contents.get(ino) ?? this.#unlinked.get(ino) ?? { tokens: [], text: '' }
    if (!this.#unlinked.has(ino)) this.#contents.set(ino, content)
    const token = { id, text }
    content.tokens.push(token)
    content.text += text
    for (const line of content.text.split('\n')) this.lines.add(line)
    this.tokens.set(id, token)
    return id
  }

  rotate(how: 'rename' | 'copytruncate'): void {
    if (!existsSync(this.#path)) return
    this.#shift()
    const copy = this.rig.path('app.log.1')
    if (how === 'rename') {
      if (this.#lateFd !== undefined) closeSync(this.#lateFd)
      this.#lateFd = openSync(this.#path, 'a')
      renameSync(this.#path, copy)
      return
    }
    copyFileSync(this.#path, copy)
    const old = this.#content(this.#path)
    this.#adopt(copy, { tokens: [...old.tokens], text: old.text })
    // Nothing of it is known to be read: once it is written again, there is nothing to tell the new text from the old by.
    const stored = this.#stored()
    if (!old.tokens.some(({ id }) => stored.has(id))) for (const { id } of old.tokens) this.excused.add(id)
    truncateSync(this.#path)
    this.#contents.delete(inodeOf(this.#path))
  }

  truncate(): void {
    if (!existsSync(this.#path)) return
    const old = this.#content(this.#path)
    truncateSync(this.#path)
    this.#contents.delete(inodeOf(this.#path))
    this.#lose(old)
  }

  backup(): void {
    if (!existsSync(this.#path) || existsSync(this.rig.path('app.log.bak'))) return
    // A short copy cannot be told from a log that begins alike, nor a copy of what was never seen from the original.
    if (statSync(this.#path).size < 1024 || !this.isHeld(inodeOf(this.#path))) return
    copyFileSync(this.#path, this.rig.path('app.log.bak'))
    this.#unlinked.delete(inodeOf(this.rig.path('app.log.bak')))
  }

  compress(nth: number): void {
    const plain = this.#rotated().filter(({ isGzip }) => !isGzip)
    const one = plain[nth % Math.max(1, plain.length)]
    if (!one) return
    const content = this.#content(one.path)
    const ino = inodeOf(one.path)
    const late: Content = { tokens: [], text: content.text }
    if (this.isHeld(ino)) this.#fragile.push(late)
    this.#contents.delete(ino)
    gzipInPlace(one.path)
    this.#unlinked.set(ino, late)
    this.#adopt(`${one.path}.gz`, content)
  }

  remove(which: 'live' | 'oldest'): void {
    const path = which === 'live' ? this.#path : this.#rotated().at(-1)?.path
    if (path === undefined || !existsSync(path)) return
    const ino = inodeOf(path)
    const isHeld = this.isHeld(ino)
    unlinkSync(path)
    this.#forgetContent(ino, isHeld)
  }

  /** `app.log` becomes a link to a new file in another folder, or is switched to the next. */
  switchLink(): void {
    mkdirSync(this.rig.path('real'), { recursive: true })
    const target = this.rig.path(`real/${this.#nextTarget++}`)
    closeSync(openSync(target, 'a'))
    this.#adopt(target, { tokens: [], text: '' })
    if (existsSync(this.#path)) {
      const isLink = statSync(this.#path).ino !== lstatSync(this.#path).ino
      if (!isLink) return
      // What the old target holds is found nowhere by its name any more.
      const ino = inodeOf(this.#path)
      this.#forgetContent(ino, this.isHeld(ino))
      unlinkSync(this.#path)
    }
    symlinkSync(target, this.#path)
  }

  /** The process dies: what only its descriptors kept is gone. */
  async crash(): Promise<void> {
    for (const content of this.#fragile.splice(0)) this.#lose(content)
    this.rig.crash()
    // Streams close their files in their own time.
    while (this.isHeld()) await turn()
  }

  /** The last name is gone. */
  #forgetContent(ino: string, isHeld: boolean): void {
    const content = this.#contents.get(ino)
    if (!content) return
    this.#contents.delete(ino)
    this.#unlinked.set(ino, content)
    if (isHeld) this.#fragile.push(content)
    else this.#lose(content)
  }

  #lose({ tokens }: Content): void {
    const stored = this.#stored()
    const elsewhere = new Set([...this.#contents.values()].flatMap((content) => content.tokens.map(({ id }) => id)))
    for (const { id } of tokens) if (!stored.has(id) && !elsewhere.has(id)) this.excused.add(id)
  }

  #stored(): Set<number> {
    for (const { text } of this.rig.stored.slice(this.#storedCount))
      for (const id of idsIn(text)) this.#storedIds.add(id)
    this.#storedCount = this.rig.stored.length
    return this.#storedIds
  }

  #content(path: string): Content {
    return this.#contents.get(inodeOf(path)) ?? { tokens: [], text: '' }
  }

  /** A file that is new; its inode may have been another's. */
  #adopt(path: string, content: Content): void {
    this.#unlinked.delete(inodeOf(path))
    this.#contents.set(inodeOf(path), content)
  }

  /** app.log.1 becomes app.log.2, and so on. */
  #shift(): void {
    for (const { path, number, isGzip } of this.#rotated().reverse()) {
      renameSync(path, this.rig.path(`app.log.${number + 1}${isGzip ? '.gz' : ''}`))
    }
  }

  /** The newest first. */
  #rotated(): { path: string; number: number; isGzip: boolean }[] {
    return readdirSync(this.rig.folder)
      .flatMap((name) => {
        const match = ROTATED.exec(basename(name))
        return match ? [{ path: this.rig.path(name), number: Number(match[1]), isGzip: match[2] !== undefined }] : []
      })
      .sort((a, b) => a.number - b.number)
  }

  /** The tailer has the inode open, or any. */
  isHeld(ino?: string): boolean {
    const late = this.#lateFd === undefined ? '' : String(this.#lateFd)
    return readdirSync('/proc/self/fd').some((fd) => {
      if (fd === late) return false
      try {
        if (!readlinkSync(`/proc/self/fd/${fd}`).startsWith(`${this.rig.folder}/`)) return false
        return ino === undefined || String(statSync(`/proc/self/fd/${fd}`).ino) === ino
      } catch {
        return false
      }
    })
  }
}

export function idsIn(text: string): number[] {
  return [...text.matchAll(/t(\d+);/g)].map((match) => Number(match[1]))
}

function inodeOf(path: string): string {
  return String(statSync(path).ino)
}
