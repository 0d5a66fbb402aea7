import { join } from 'node:path'
import { type Environment, type MissingPeer, type Peer, type Place, printedBy } from './peer.ts'
import { findInstalled } from './prefix.ts'

/**
 * rsyslog with a queue on disk. Debian ships no omhttp, so omelasticsearch POSTs: an action line before each record, and no
 * compression. $RSYSLOG_ROOT is where it was unpacked, when it is not installed.
 */
export function findRsyslog(env: Environment): Peer | MissingPeer {
  const name = 'rsyslog'
  const found = findInstalled(
    {
      program: 'rsyslogd',
      variable: 'RSYSLOG_ROOT',
      module: 'rsyslog/omelasticsearch.so',
      packageHint: 'Debian: rsyslog-elasticsearch',
    },
    env,
  )
  if (typeof found === 'string') return { name, missing: found }
  const { program, modules } = found
  return {
    name,
    about: `rsyslog ${printedBy([program, '-v'], /rsyslogd\s+([\d.]+)/, found.env) ?? '?'}, disk queue, no compression`,
    isAgent: false,
    configFiles: (place) => ({ 'nginx.rb': NGINX_RULE, 'rsyslog.conf': config(place) }),
    command: ({ state }) => ({
      argv: [program, '-n', '-f', join(state, 'rsyslog.conf'), '-i', join(state, 'pid'), '-M', modules],
      env: found.env,
    }),
  }
}

const NGINX_RULE =
  'version=2\nrule=:%remote:word% %host:word% %user:word% [%time:char-to:]%] "%method:word% %path:word% %proto:char-to:"%" ' +
  '%code:number% %size:number% "%referer:char-to:"%" "%agent:char-to:"%"\n'

function config({ state, input, format, sinkPort }: Place): string {
  const parse = format === 'json' ? 'type="mmjsonparse" cookie=""' : `type="mmnormalize" rulebase="${state}/nginx.rb"`
  return `
global(workDirectory="${state}" maxMessageSize="64k" parser.escapeControlCharactersOnReceive="off")
module(load="imfile" mode="inotify")
module(load="mmjsonparse")
module(load="mmnormalize")
module(load="omelasticsearch")
template(name="rec" type="string" string="%$!all-json%")
ruleset(name="ship" queue.type="Disk"
        queue.fileName="q" queue.spoolDirectory="${state}" queue.maxDiskSpace="4g" queue.maxFileSize="64m"
        queue.checkpointInterval="1000" queue.size="200000" queue.dequeueBatchSize="2000" queue.saveOnShutdown="on") {
  action(${parse})
  action(type="omelasticsearch" server="127.0.0.1" serverport="${sinkPort}" template="rec" searchIndex="logs" searchType=""
         bulkmode="on" maxbytes="4m" healthchecktimeout="10000" action.resumeRetryCount="-1" action.resumeInterval="1")
}
input(type="imfile" file="${input}" tag="app:" ruleset="ship" freshStartTail="off" addMetadata="off" persistStateInterval="1000")
`
}
