/** Of the host, or of TZ: the zone of times that do not name theirs. An IANA name. */
export function localZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone ?? 'UTC'
}
