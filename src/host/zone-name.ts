/**
 * The abbreviation of the time zone that is in force, `CET` or `CEST`, from a zone file (RFC 8536): its last line names both, and
 * the offset tells which. The names that Intl has depend on the language and are `GMT+1` for most zones.
 */

/** `CET-1CEST,M3.5.0,M10.5.0/3`: standard name, its offset, name in summer, its offset when it is not an hour more. POSIX TZ, with signs turned. */
const FOOTER = /^(<[^>]+>|[A-Za-z]+)([+-]?[\d:]+)(?:(<[^>]+>|[A-Za-z]+)([+-]?[\d:]+)?)?(?:,|$)/

const HOUR_SECONDS = 3600

/** Undefined when the file says nothing of an offset like this. `zoneFile`: the bytes of /etc/localtime as latin1. */
export function zoneNameOf(zoneFile: string, offsetSeconds: number): string | undefined {
  if (!zoneFile.startsWith('TZif') || !zoneFile.endsWith('\n')) return undefined
  const footer = zoneFile.slice(zoneFile.lastIndexOf('\n', zoneFile.length - 2) + 1, -1)
  const [, standard, standardOffset, summer, summerOffset] = FOOTER.exec(footer) ?? []
  if (standard === undefined || standardOffset === undefined) return undefined
  const standardSeconds = -secondsOf(standardOffset)
  if (standardSeconds === offsetSeconds) return plain(standard)
  const summerSeconds = summerOffset === undefined ? standardSeconds + HOUR_SECONDS : -secondsOf(summerOffset)
  return summer !== undefined && summerSeconds === offsetSeconds ? plain(summer) : undefined
}

const plain = (name: string): string => (name.startsWith('<') ? name.slice(1, -1) : name)

/** `-5`, `3:30`. */
function secondsOf(offset: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = offset.replace(/^[+-]/, '').split(':').map(Number)
  const total = hours * HOUR_SECONDS + minutes * 60 + seconds
  return offset.startsWith('-') ? -total : total
}
