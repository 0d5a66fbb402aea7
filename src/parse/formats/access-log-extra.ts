/**
 * What an access log says after the user agent (or instead of referer and user agent): any number of quoted, bracketed or bare
 * fields, perhaps as `key=value`. Those whose meaning is certain get a name, the others are kept in order in `metadata.extra`.
 * Not the hot path: this makes strings.
 */
import { type Member, member } from '../entry-members.ts'
import type { EntryWriter } from '../entry-writer.ts'
import { fieldNumber } from '../fields.ts'
import type { RecordBytes } from '../record.ts'
import { unescapeQuoted } from './access-log-escapes.ts'

const REQUEST_ID = fieldNumber('request_id')
const EXTRA = member('extra')
const FORWARDED_FOR = member('forwarded_for')

/** What the Kubernetes ingress controller of nginx adds (its `upstreaminfo`), in order; a field of the entry where it says so. */
const INGRESS_NAMES = [
  'request_length',
  'request_time',
  'proxy_upstream_name',
  'proxy_alternative_upstream_name',
  'upstream_addr',
  'upstream_response_length',
  'upstream_response_time',
  'upstream_status',
  'request_id',
] as const

/** Keys the access log uses itself, and those the agent adds: a pair by such a name stays in `extra`. */
const TAKEN: ReadonlySet<string> = new Set(
  'extra forwarded_for bytes referer status protocol ident remote_user vhost port timestamp_raw level_raw parse_error truncated partial continued stream tags attrs'.split(
    ' ',
  ),
)
const DURATION_KEYS: ReadonlySet<string> = new Set(['rt', 'request_time', 'req_time', 'reqtime'])
const REQUEST_ID_KEYS: ReadonlySet<string> = new Set(['request_id', 'req_id', 'reqid', 'requestid', 'request-id'])

/** Distinct keys of one file, and pairs of one line, that become members; more are left in `extra`. */
const MAX_KEYS = 64
const MAX_PAIRS = 24

const PAIR = /^([A-Za-z][\w.-]{0,63})=(.*)$/s
const JSON_NUMBER = /^(?:0|[1-9]\d{0,14})(?:\.\d{1,6})?$/
/** nginx writes times in seconds with three decimals, and nothing else that way. */
const SECONDS = /^\d{1,9}\.\d{3}$/
const ADDRESSES = /^(?:(?:\d{1,3}(?:\.\d{1,3}){3}|(?=[^,]*:[^,]*:)[\da-f:.]{3,45}|unknown)(?:, ?|$))+$/i
const ADDRESS = /\d[.:]|:[\d:]/
/** A field: in quotes (the last may lack the closing one), in brackets, or up to a blank; a list (`10.0.0.1:80, 10.0.0.2:80`) is one. */
const FIELD =
  /([A-Za-z][\w.-]*=)?"((?:[^"\\]|\\.|"(?! |$))*)("|$)|\[([^\][]{0,256})\](?= |$)|[^ ]+(?:(?<=,) [^ "[]+|(?= : [^ "[]+) : [^ "[]+)*/gs

interface Field {
  readonly text: string
  readonly isBracketed: boolean
  readonly isQuoted: boolean
  /** `key="…"`: a pair, even if nothing is in the quotes. */
  readonly hasKey: boolean
}

export class AccessExtra {
  readonly #record: RecordBytes
  readonly #writer: EntryWriter
  readonly #members = new Map<string, Member>()
  /** A pair gave the field; a further one is a member. */
  #hasDuration = false
  #hasRequestId = false

  constructor(record: RecordBytes, writer: EntryWriter) {
    this.#record = record
    this.#writer = writer
  }

  /** Reads bytes [start, end). */
  read(start: number, end: number): void {
    this.#hasDuration = false
    this.#hasRequestId = false
    const fields = fieldsOf(this.#record.text(start, end))
    if (isIngress(fields)) return this.#addIngress(fields)
    const rest: string[] = []
    const seen = new Set<string>()
    let hasSeconds = false
    for (const [index, field] of fields.entries()) {
      if (index === 0 && field.isQuoted && ADDRESSES.test(field.text) && ADDRESS.test(field.text)) {
        this.#writer.addJson(FORWARDED_FOR, JSON.stringify(field.text))
        continue
      }
      const pair = field.isBracketed ? undefined : pairOf(field)
      if (pair && this.#addPair(pair, seen)) continue
      if (!field.isBracketed && !hasSeconds && SECONDS.test(field.text)) {
        // `$request_time` stands first where there are several.
        if (!this.#hasDuration) this.#writer.setDuration(Number(field.text))
        hasSeconds = true
      }
      rest.push(field.isBracketed ? `[${field.text}]` : field.text)
    }
    if (rest.some((text) => text !== '-' && text !== '')) this.#writer.addJson(EXTRA, JSON.stringify(rest))
  }

  #addIngress(fields: readonly Field[]): void {
    for (const [index, name] of INGRESS_NAMES.entries())
      this.#addPair({ key: name, value: fields[index]?.text ?? '' }, new Set())
  }

  /** False when the pair cannot have its own member. */
  #addPair({ key, value }: { key: string; value: string }, seen: Set<string>): boolean {
    if (seen.has(key) || seen.size === MAX_PAIRS || TAKEN.has(key)) return false
    const isNumber = JSON_NUMBER.test(value)
    const target = this.#memberOf(key)
    if (target === undefined) return false
    seen.add(key)
    if (value === '' || value === '-') return true
    const lower = key.toLowerCase()
    if (REQUEST_ID_KEYS.has(lower) && !this.#hasRequestId) {
      this.#hasRequestId = true
      this.#writer.setText(REQUEST_ID, value)
    } else if (isNumber && DURATION_KEYS.has(lower) && !this.#hasDuration) {
      this.#hasDuration = true
      this.#writer.setDuration(Number(value))
    } else this.#writer.addJson(target, isNumber ? value : JSON.stringify(value))
    return true
  }

  #memberOf(key: string): Member | undefined {
    const known = this.#members.get(key)
    if (known !== undefined || this.#members.size === MAX_KEYS) return known
    const made = member(key)
    this.#members.set(key, made)
    return made
  }
}

function fieldsOf(text: string): readonly Field[] {
  return [...text.matchAll(FIELD)].map(([all, key, quoted, closing, bracketed]) => {
    // Without its closing quote a field was cut: it stays as it stands, or a `key="` with nothing after it would leave no trace.
    if (quoted !== undefined && closing !== '') {
      const value = quoted.includes('\\') ? (unescapeQuoted(Buffer.from(quoted)) ?? quoted) : quoted
      return { text: `${key ?? ''}${value}`, isBracketed: false, isQuoted: true, hasKey: key !== undefined }
    }
    return { text: bracketed ?? all, isBracketed: bracketed !== undefined, isQuoted: false, hasKey: false }
  })
}

function pairOf(field: Field): { key: string; value: string } | undefined {
  const [, key, value] = PAIR.exec(field.text) ?? []
  if (key === undefined || value === undefined) return undefined
  // `abc=` may as well be the end of something in base64.
  return value === '' && !field.hasKey ? undefined : { key, value }
}

function isIngress(fields: readonly Field[]): boolean {
  const [length, time, name, alternative] = fields
  if (fields.length !== INGRESS_NAMES.length || !length || !time) return false
  return (
    /^\d+$/.test(length.text) &&
    SECONDS.test(time.text) &&
    name?.isBracketed === true &&
    alternative?.isBracketed === true
  )
}
