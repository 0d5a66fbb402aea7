import type { FormatName } from '../config/steps.ts'
import { createApacheParser } from './formats/apache.ts'
import { createGoParser } from './formats/go.ts'
import { createJavaParser } from './formats/java.ts'
import { createJournalExportParser } from './formats/journal-export.ts'
import { createKlogParser } from './formats/klog.ts'
import { createLogfmtParser } from './formats/logfmt.ts'
import { createNginxParser } from './formats/nginx.ts'
import { createPostgresParser } from './formats/postgres.ts'
import { createPythonParser } from './formats/python.ts'
import { createRedisParser } from './formats/redis.ts'
import { createSyslogParser } from './formats/syslog.ts'
import { createJsonParser } from './json.ts'
import type { FormatParser, LineContext } from './line.ts'
import { createPlainParser } from './plain.ts'

/** Formats of a record itself; `auto` chooses among them, `docker` and `cri` are frames around them. */
export type RecordFormat = Exclude<FormatName, 'auto' | 'docker' | 'cri'>

/**
 * All formats, the strictest first: the order in which `auto` tries them on a record. One that demands more of a record
 * stands before one that would also take it: syslog's own forms before the general header of java, and plain, which
 * takes anything, last.
 */
export const RECORD_FORMATS: Readonly<Record<RecordFormat, (context: LineContext) => FormatParser>> = {
  json: createJsonParser,
  'journal-export': createJournalExportParser,
  k8s: createKlogParser,
  redis: createRedisParser,
  syslog: createSyslogParser,
  nginx: createNginxParser,
  apache: createApacheParser,
  postgres: createPostgresParser,
  python: createPythonParser,
  java: createJavaParser,
  go: createGoParser,
  logfmt: createLogfmtParser,
  plain: createPlainParser,
}
