/** RFC 5424 after its version: time, host, app, procid, msgid, structured data, message. */
import { type Member, member } from '../entry-members.ts'
import type { EntryWriter } from '../entry-writer.ts'
import type { RecordBytes } from '../record.ts'
import { wordEnd } from './syslog-host.ts'
import { readStructuredData } from './syslog-structured-data.ts'

const SPACE = 0x20
const DASH = 0x2d
/** The first of the three bytes of a byte order mark, and the other two. */
const BOM_FIRST = 0xef
const BOM_REST = 0xbbbf

const PID = member('pid')
const STRUCTURED_DATA = member('structured_data')
const WORDS: readonly Member[] = [member('hostname'), member('app_name'), PID, member('msgid')]

/** Hands what it finds to `entry`, and returns where the message begins, or why this is not RFC 5424. */
export function readVersioned(record: RecordBytes, entry: EntryWriter, start: number): number | string {
  const { view, end, bytes } = record
  let stop = wordEnd(view, start, end)
  if (stop - start !== 1 || view.getUint8(start) !== DASH) {
    if (stop === start || entry.time.readPrefix(view, start, stop) !== stop) return 'no time after the version'
    entry.timeFrom(start, stop)
  }
  for (const word of WORDS) {
    const at = stop + 1
    if (at >= end) return 'less than RFC 5424 demands'
    stop = wordEnd(view, at, end)
    if (stop === at) return 'less than RFC 5424 demands'
    if (stop - at === 1 && view.getUint8(at) === DASH) continue
    if (word === PID && isNumber(view, at, stop)) entry.addNumber(PID, at, stop)
    else entry.add(word, at, stop)
  }
  let at = Math.min(stop + 1, end)
  const data = at < end ? readStructuredData(bytes, at, end) : undefined
  if (data) {
    entry.addJson(STRUCTURED_DATA, data.json)
    at = Math.min(data.end + 1, end)
  } else if (at < end && view.getUint8(at) === DASH && (at + 1 === end || view.getUint8(at + 1) === SPACE)) {
    // Heroku leaves the data out, so what is neither `-` nor well-formed is the message.
    at = Math.min(at + 2, end)
  }
  if (at + 3 <= end && view.getUint8(at) === BOM_FIRST && view.getUint16(at + 1) === BOM_REST) return at + 3
  // rsyslog keeps the blank that stood between tag and message.
  return at < end && view.getUint8(at) === SPACE ? at + 1 : at
}

/** Digits that are the same when they are written again. */
function isNumber(view: DataView, start: number, end: number): boolean {
  if (end - start > 10 || (end - start > 1 && view.getUint8(start) === 0x30)) return false
  for (let at = start; at < end; at++) if (view.getUint8(at) < 0x30 || view.getUint8(at) > 0x39) return false
  return true
}
