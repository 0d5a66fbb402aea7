/**
 * `parse: syslog`: RFC 5424, RFC 3164, and what daemons make of them in files: with `<PRI>` or without, times as RFC 3164 or
 * RFC 3339 has them, tags with or without a pid (syslog-tag.ts), hosts or none. Known besides: facility and severity as a word
 * (BusyBox, OpenWrt, FreeBSD, AIX), Cisco's sequence numbers and `%FACILITY-SEVERITY-MNEMONIC`, `journalctl`'s short forms, and
 * the head of the Thunderbird and Spirit collections (`- 1131566461 2005.11.09 dn228 Nov 9 12:01:01 …`).
 *
 * The message is what follows the tag. `metadata` has `hostname`, `app_name`, `pid`, `facility`, `severity`, `msgid`,
 * `structured_data`. Without a priority the level is what the message begins with, as in plain text.
 *
 * Other logs begin with such times, too. So without a priority there must be a host and a tag; after an RFC 3339 time the tag
 * must end with a colon; and a host is no word for a level.
 */
import { member } from '../entry-members.ts'
import { EntryWriter } from '../entry-writer.ts'
import { fieldNumber } from '../fields.ts'
import { levelOfBytes, levelOfSeverity } from '../level.ts'
import type { EntryFacts, FormatParser, Line, LineContext, NdjsonBuffer } from '../line.ts'
import { RecordBytes } from '../record.ts'
import { DEMAND, SyslogHead } from './syslog-head.ts'
import { isHost, isTelling, isUntagged, wordEnd } from './syslog-host.ts'
import { ciscoLevel, FACILITIES, facilityWord, messageLevel, SEVERITIES } from './syslog-level.ts'
import { SyslogTag } from './syslog-tag.ts'
import { readVersioned } from './syslog-versioned.ts'

const MESSAGE = fieldNumber('message')

const HOSTNAME = member('hostname')
const APP_NAME = member('app_name')
const PID = member('pid')
const PROCESS = member('process')
const FACILITY = member('facility')
const SEVERITY = member('severity')
const SEQUENCE = member('sequence')
const LABEL = member('label')
const NODE = member('node')

/** The names as JSON. */
const FACILITY_JSON = FACILITIES.map((name) => JSON.stringify(name))
const SEVERITY_JSON = SEVERITIES.map((name) => JSON.stringify(name))

const SPACE = 0x20
const PERCENT = 0x25
const DASH = 0x2d
const COLON = 0x3a
const LESS = 0x3c
const GREATER = 0x3e

export function createSyslogParser(context: LineContext): FormatParser {
  return new SyslogParser(context)
}

class SyslogParser implements FormatParser {
  readonly #record = new RecordBytes()
  readonly #entry: EntryWriter
  readonly #head: SyslogHead
  readonly #tag = new SyslogTag()
  /** A word said facility and severity. */
  #hasFacility = false

  constructor(context: LineContext) {
    this.#entry = new EntryWriter(context, this.#record)
    this.#head = new SyslogHead(this.#record, this.#entry)
  }

  tryParse(line: Line, out: NdjsonBuffer, facts: EntryFacts): string | undefined {
    this.#record.take(line)
    const entry = this.#entry
    const head = this.#head
    entry.begin(line)
    const at = head.read()
    if (at < 0) return 'neither a priority nor a time'
    this.#hasFacility = false
    this.#addHead()
    const misfit = head.isVersioned ? this.#readVersioned(at) : this.#readHost(at)
    if (misfit !== undefined) return misfit
    entry.end(line, out, facts)
    return undefined
  }

  #addHead(): void {
    const entry = this.#entry
    const { priority, sequenceStart, sequenceEnd, deviceStart, deviceEnd } = this.#head
    const { labelStart, labelEnd, nodeStart, nodeEnd } = this.#head
    if (priority >= 0) {
      entry.level = levelOfSeverity(priority & 7)
      entry.addJson(FACILITY, FACILITY_JSON[priority >> 3] ?? 'null')
      entry.addJson(SEVERITY, SEVERITY_JSON[priority & 7] ?? 'null')
    }
    if (sequenceStart >= 0) entry.add(SEQUENCE, sequenceStart, sequenceEnd)
    if (deviceStart >= 0) entry.add(HOSTNAME, deviceStart, deviceEnd)
    if (labelStart < 0) return
    if (labelEnd - labelStart > 1 || this.#record.view.getUint8(labelStart) !== DASH)
      entry.add(LABEL, labelStart, labelEnd)
    entry.add(NODE, nodeStart, nodeEnd)
  }

  /** What follows the time: host, tag, message. Says why it is not syslog's. */
  #readHost(after: number): string | undefined {
    const { view, end } = this.#record
    const { demand, hasTime, deviceStart } = this.#head
    let at = after
    // Cisco: `22:33:20: %ASA-6-302013: …`.
    if (at < end && view.getUint8(at) === COLON) at++
    if (at < end && view.getUint8(at) === SPACE) at++
    else if (demand !== DEMAND.none) return 'no blank after the time'
    if (demand === DEMAND.pid) while (at < end && view.getUint8(at) === SPACE) at++
    if (at >= end && demand !== DEMAND.none) return 'nothing after the time'
    at = this.#readFacility(at)
    if (this.#isUntagged(at)) return this.#take(at)
    if (this.#hasFacility || (at < end && view.getUint8(at) === PERCENT)) {
      // OpenWrt says no host, and neither do some devices; FreeBSD does.
      if (this.#tag.read(view, at, end) && this.#isTagWord(at)) return this.#takeTag()
    }
    const hostEnd = this.#wordEnd(at)
    if (!hasTime || deviceStart >= 0 || hostEnd === end || !isHost(view, at, hostEnd)) return this.#readHostless(at)
    const host = at
    at = Math.min(hostEnd + 1, end)
    // Cisco's ASA: `fw01 : %ASA-6-302013: …`.
    if (at + 1 < end && view.getUint8(at) === COLON && view.getUint8(at + 1) === SPACE) at += 2
    at = this.#readFacility(at)
    // login(1) puts two blanks before `-- root[2421]`.
    let tagAt = at
    while (tagAt < end && view.getUint8(tagAt) === SPACE) tagAt++
    const hasTag = !this.#isUntagged(at) && this.#tag.read(view, tagAt, end)
    const misfit = this.#misfit(host, hostEnd, { at, hasTag })
    if (misfit !== undefined) return misfit
    if (hostEnd - host > 1 || view.getUint8(host) !== DASH) this.#entry.add(HOSTNAME, host, hostEnd)
    return hasTag ? this.#takeTag() : this.#take(at)
  }

  /** Why a record with this host, and with a tag or none, does not meet what its head demands. */
  #misfit(host: number, hostEnd: number, { at, hasTag }: { at: number; hasTag: boolean }): string | undefined {
    const { view } = this.#record
    const tag = this.#tag
    const { demand } = this.#head
    if (demand === DEMAND.none || this.#hasFacility) return undefined
    const hasPid = hasTag && tag.pidStart >= 0 && tag.hasColon
    if (levelOfBytes(view, host, hostEnd) >= 0 && !(hasPid && view.getUint8(host) >= 0x61))
      return 'a level where the host is due'
    switch (demand) {
      case DEMAND.tag:
        return hasTag || this.#isUntagged(at) || isTelling(view, host, hostEnd) ? undefined : 'no tag'
      case DEMAND.colon:
        return (hasTag && (tag.hasColon || tag.isPidNumber)) || this.#isUntagged(at) ? undefined : 'no tag'
      default:
        return hasPid && tag.isPidNumber ? undefined : 'no tag with a pid'
    }
  }

  /** The first word is no host: perhaps it is the tag. */
  #readHostless(at: number): string | undefined {
    const { view, end } = this.#record
    const { demand } = this.#head
    const isTag = this.#tag.read(view, at, end) && this.#isTagWord(at)
    if (demand === DEMAND.none) return isTag ? this.#takeTag() : this.#take(at)
    const { hasColon, pidStart, nameStart, nameEnd } = this.#tag
    const isClear = isTag && hasColon && (demand === DEMAND.tag || (demand === DEMAND.colon && pidStart >= 0))
    if (!isClear || levelOfBytes(view, nameStart, nameEnd) >= 0) return 'no host'
    return this.#takeTag()
  }

  /** The tag just read is a single word, so that what stands before it is no host. */
  #isTagWord(at: number): boolean {
    return this.#wordEnd(at) >= this.#tag.nameEnd
  }

  /** `<auth.info> `, `daemon.info `, `auth|security:info `: the position after it, or `at`. */
  #readFacility(at: number): number {
    const { bytes, view, end } = this.#record
    if (this.#head.priority >= 0 || at >= end) return at
    const isEnclosed = view.getUint8(at) === LESS
    const stop = this.#wordEnd(at)
    if (isEnclosed && view.getUint8(stop - 1) !== GREATER) return at
    const word = isEnclosed ? facilityWord(bytes, view, at + 1, stop - 1) : facilityWord(bytes, view, at, stop)
    if (word === undefined || stop === end) return at
    this.#entry.level = word.level
    this.#entry.addJson(FACILITY, JSON.stringify(word.facility))
    this.#entry.addJson(SEVERITY, JSON.stringify(word.severity))
    this.#hasFacility = true
    return stop + 1
  }

  #takeTag(): undefined {
    const entry = this.#entry
    const { view, end } = this.#record
    const tag = this.#tag
    entry.add(APP_NAME, tag.nameStart, tag.nameEnd)
    if (tag.isPidNumber) entry.addNumber(PID, tag.pidStart, tag.pidEnd)
    else if (tag.pidEnd > tag.pidStart && tag.pidStart >= 0) entry.add(PID, tag.pidStart, tag.pidEnd)
    if (tag.processStart >= 0) entry.add(PROCESS, tag.processStart, tag.processEnd)
    if (tag.levelStart >= 0) {
      const level = levelOfBytes(view, tag.levelStart, tag.levelEnd)
      if (level < 0) entry.addLevelRaw(tag.levelStart, tag.levelEnd)
      else if (entry.level < 0) entry.level = level
    }
    if (entry.level < 0 && view.getUint8(tag.nameStart) === PERCENT) entry.level = ciscoLevel(view, tag.nameStart, end)
    return this.#take(tag.messageStart)
  }

  /** The message begins at `at`. */
  #take(at: number): undefined {
    const { view, end } = this.#record
    this.#entry.set(MESSAGE, at, end)
    if (this.#entry.level < 0) this.#entry.level = messageLevel(view, at, end)
  }

  #readVersioned(start: number): string | undefined {
    const at = readVersioned(this.#record, this.#entry, start)
    return typeof at === 'string' ? at : this.#take(at)
  }

  #wordEnd(start: number): number {
    return wordEnd(this.#record.view, start, this.#record.end)
  }

  #isUntagged(at: number): boolean {
    return isUntagged(this.#record.view, at, this.#record.end)
  }
}
