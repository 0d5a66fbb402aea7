import { createSocket } from 'node:dgram'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, type Program, startProgram } from './program.ts'

export interface Dnsmasq extends Program {
  readonly port: number
}

/** dnsmasq with shop.example at 127.0.0.1 and the zone zone.example at 127.0.0.2, asking nobody else. `big.shop.example` has more TXT than fits into a datagram. */
export async function startDnsmasq(folder: string): Promise<Dnsmasq> {
  const port = await freePort()
  const file = join(folder, 'dnsmasq.conf')
  const big = Array.from({ length: 30 }, (_, i) => `txt-record=big.shop.example,"${'x'.repeat(100)}${i}"`)
  writeFileSync(
    file,
    `port=${port}
listen-address=127.0.0.1,127.0.0.2
bind-interfaces
no-resolv
no-hosts
local=/shop.example/
auth-server=ns.shop.example,127.0.0.2
auth-zone=zone.example,10.9.0.0/16
auth-soa=2026112501,hostmaster.zone.example,1200,180,1209600
host-record=www.shop.example,192.0.2.1,2001:db8::1
address=/many.shop.example/192.0.2.7
cname=alias.shop.example,www.shop.example
mx-host=shop.example,mx.shop.example,10
srv-host=_http._tcp.shop.example,www.shop.example,8080,5,7
txt-record=shop.example,"v=spf1 -all"
ptr-record=7.2.0.192.in-addr.arpa,seven.shop.example
caa-record=shop.example,0,issue,ca.example
${big.join('\n')}
`,
  )
  const command = [
    'dnsmasq',
    '-k',
    '-C',
    file,
    '-u',
    'root',
    '-g',
    'root',
    '-x',
    join(folder, 'pid'),
    '--log-facility=-',
  ]
  const program = await startProgram(command, () => isAnswering(port))
  return { ...program, port }
}

function isAnswering(port: number): Promise<boolean> {
  const socket = createSocket('udp4')
  return new Promise((resolve) => {
    const end = (is: boolean) => (): void => {
      clearTimeout(timer)
      socket.close()
      resolve(is)
    }
    const timer = setTimeout(end(false), 200)
    socket.on('message', end(true))
    socket.on('error', end(false))
    socket.connect(port, '127.0.0.1', () => socket.send(Buffer.from('000101000001000000000000000001' + '0001', 'hex')))
  })
}
