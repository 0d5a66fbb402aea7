import { join } from 'node:path'
import { type Environment, type MissingPeer, type Peer, type Place, printedBy } from './peer.ts'
import { findInstalled } from './prefix.ts'

/** syslog-ng with its reliable disk buffer. $SYSLOG_NG_ROOT is where it was unpacked, when it is not installed. */
export function findSyslogNg(env: Environment): Peer | MissingPeer {
  const name = 'syslog-ng'
  const found = findInstalled(
    {
      program: 'syslog-ng',
      variable: 'SYSLOG_NG_ROOT',
      module: 'syslog-ng/**/libhttp.so',
      packageHint: 'Debian: syslog-ng-mod-http',
    },
    env,
  )
  if (typeof found === 'string') return { name, missing: found }
  const { program, modules } = found
  const printed = (pattern: RegExp): string | undefined => printedBy([program, '--version'], pattern, found.env)
  const configVersion = printed(/^Config version: ([\d.]+)/m)
  if (configVersion === undefined) return { name, missing: `it does not start: ${printed(/(.*)/) ?? ''}` }
  return {
    name,
    about: `syslog-ng ${printed(/^Installer-Version: ([\d.]+)/m) ?? '?'}, reliable disk buffer, no compression`,
    isAgent: false,
    configFiles: (place) => ({ 'syslog-ng.conf': config(place, configVersion) }),
    command: ({ state }) => ({
      argv: [
        ...[program, '-F', '--no-caps', '-f', join(state, 'syslog-ng.conf'), '-R', join(state, 'persist')],
        ...['-c', join(state, 'ctl'), '-p', join(state, 'pid'), `--module-path=${modules}`],
      ],
      env: found.env,
    }),
  }
}

const NGINX_PATTERN =
  '^(?<remote>[^ ]*) (?<host>[^ ]*) (?<user>[^ ]*) \\\\[(?<time>[^\\\\]]*)\\\\] ' +
  '\\"(?<method>[^ ]+) (?<path>[^ ]*) [^\\"]*\\" (?<code>[^ ]*) (?<size>[^ ]*) \\"(?<referer>[^\\"]*)\\" \\"(?<agent>[^\\"]*)\\"'

const config = ({ state, input, format, sinkUrl }: Place, version: string): string => `
@version: ${version}
options { log-msg-size(65536); stats-freq(0); keep-hostname(yes); use-dns(no); };
source s_tail { file("${input}" flags(no-parse) follow-freq(0.2) log-fetch-limit(1000) log-iw-size(100000)); };
parser p_json  { json-parser(prefix(".f.")); };
parser p_nginx { regexp-parser(prefix(".f.") patterns("${NGINX_PATTERN}")); };
destination d_http { http(
  url("${sinkUrl}/logs") method("POST") headers("Content-Type: application/x-ndjson")
  body("$(format-json --scope none .f.* --shift-levels 2)") delimiter("\\n")
  batch-lines(2000) batch-bytes(2097152) batch-timeout(1000) workers(1) retries(1000000) time-reopen(1)
  disk-buffer(reliable(yes) disk-buf-size(4294967296) mem-buf-size(16777216) dir("${state}"))
); };
log { source(s_tail); parser(p_${format}); destination(d_http); flags(flow-control); };
`
