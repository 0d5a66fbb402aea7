import { extname } from 'node:path'

/**
 * The names that log rotation gives: a number or a date behind the name (`app.log.1`, `app.log-20261124`, `app.log.old`) or
 * before its extension (`app-2026-11-24.log`, `app.1.log`), also with `.gz` behind it (logrotate, cronolog, log4j, logback,
 * Python's and winston's rotating handlers).
 */

/** The names of which `name` may be the rotated form; none when it does not look rotated. */
export function originalNames(name: string): string[] {
  const plain = name.endsWith('.gz') ? name.slice(0, -3) : name
  const extension = extname(plain)
  const names = plain === name ? [] : [plain]
  for (const { index } of plain.matchAll(/[._-](?=\d|(?:old|prev|bak)(?:[._-]|$))/g)) {
    const stem = plain.slice(0, index)
    if (stem === '') continue
    names.push(stem)
    if (extension !== '' && index < plain.length - extension.length) names.push(stem + extension)
  }
  return names
}
