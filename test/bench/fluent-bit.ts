import { join, resolve } from 'node:path'
import {
  type Environment,
  isExecutable,
  type MissingPeer,
  type Peer,
  type Place,
  printedBy,
  programInPath,
} from './peer.ts'

/** Fluent Bit with its buffer on disk, and gzip. $FLUENT_BIT_BIN is the program when it is not in PATH. */
export function findFluentBit(env: Environment): Peer | MissingPeer {
  const name = 'fluent-bit'
  const program = env.FLUENT_BIT_BIN ? resolve(env.FLUENT_BIT_BIN) : programInPath(name, env)
  if (program === undefined) return { name, missing: 'not in PATH, and FLUENT_BIT_BIN is not set' }
  if (!isExecutable(program)) return { name, missing: `FLUENT_BIT_BIN is no program, got ${program}` }
  return {
    name,
    about: `Fluent Bit ${printedBy([program, '--version'], /v([\d.]+)/) ?? '?'}, filesystem storage, gzip`,
    isAgent: false,
    configFiles: (place) => ({ 'parsers.conf': PARSERS, 'fluent-bit.conf': config(place) }),
    command: ({ state }) => ({ argv: [program, '-q', '-c', join(state, 'fluent-bit.conf')] }),
  }
}

const PARSERS = `
[PARSER]
    Name        json
    Format      json
    Time_Key    timestamp
    Time_Format %Y-%m-%dT%H:%M:%S.%LZ
    Time_Keep   Off
[PARSER]
    Name        nginx
    Format      regex
    Regex       ^(?<remote>[^ ]*) (?<host>[^ ]*) (?<user>[^ ]*) \\[(?<time>[^\\]]*)\\] "(?<method>\\S+)(?: +(?<path>[^\\"]*?)(?: +\\S*)?)?" (?<code>[^ ]*) (?<size>[^ ]*)(?: "(?<referer>[^\\"]*)" "(?<agent>[^\\"]*)")
    Time_Key    time
    Time_Format %d/%b/%Y:%H:%M:%S %z
    Types       code:integer size:integer
`

const config = ({ state, input, format, sinkPort }: Place): string => `
[SERVICE]
    flush            1
    grace            5
    daemon           off
    log_level        warn
    http_server      off
    parsers_file     ${state}/parsers.conf
    storage.path     ${state}/storage
    storage.sync     normal
    storage.backlog.mem_limit 50M
[INPUT]
    name             tail
    path             ${input}
    parser           ${format}
    tag              app
    read_from_head   on
    refresh_interval 1
    db               ${state}/tail.db
    storage.type     filesystem
[OUTPUT]
    name             http
    match            *
    host             127.0.0.1
    port             ${sinkPort}
    uri              /logs
    format           json_lines
    json_date_key    ${format === 'json' ? 'timestamp' : 'time'}
    json_date_format iso8601
    compress         gzip
    retry_limit      no_limits
    storage.total_limit_size 4G
`
