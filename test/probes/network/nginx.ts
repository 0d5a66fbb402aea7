import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Certificate } from './certificates.ts'
import { freePort, isAnswering, type Program, startProgram } from './program.ts'

export interface Nginx extends Program {
  readonly port: number
  /** By the name of the certificate. */
  readonly tlsPorts: Readonly<Record<string, number>>
}

/** Debian's nginx with a file of its own: /, /json, /gzip, /redirect, /loop, /private (basic auth ada:s3cret), /moved-away. */
export async function startNginx(folder: string, certificates: Readonly<Record<string, Certificate>>): Promise<Nginx> {
  const root = join(folder, 'www')
  mkdirSync(root, { recursive: true })
  writeFileSync(join(root, 'index.html'), '<h1>welcome to the shop</h1>\n')
  writeFileSync(join(root, 'health.json'), '{"status":"ok","checks":[{"name":"db","ms":12.5}],"version":"1.4"}\n')
  writeFileSync(join(root, 'big.html'), 'All is well here.\n'.repeat(5000))
  writeFileSync(join(folder, 'users'), 'ada:{PLAIN}s3cret\n')
  const port = await freePort()
  const tlsPorts: Record<string, number> = {}
  for (const name of Object.keys(certificates)) tlsPorts[name] = await freePort()
  const file = join(folder, 'nginx.conf')
  writeFileSync(file, configOf({ folder, root, port, tlsPorts, certificates }))
  const program = await startProgram(['nginx', '-p', folder, '-c', file, '-e', join(folder, 'error.log')], () =>
    isAnswering(`http://127.0.0.1:${port}/`),
  )
  return { ...program, port, tlsPorts }
}

interface Settings {
  readonly folder: string
  readonly root: string
  readonly port: number
  readonly tlsPorts: Readonly<Record<string, number>>
  readonly certificates: Readonly<Record<string, Certificate>>
}

function configOf({ folder, root, port, tlsPorts, certificates }: Settings): string {
  const locations = `
    root ${root};
    location /redirect { return 302 /health.json; }
    location /loop { return 302 /loop; }
    location /error { return 503; }
    location /private { auth_basic shop; auth_basic_user_file ${join(folder, 'users')}; try_files /index.html =404; }
    location /big.html { gzip on; gzip_types text/html; gzip_min_length 10; }`
  const tls = Object.entries(certificates).map(
    ([name, { cert, key }]) =>
      `server { listen 127.0.0.1:${tlsPorts[name]} ssl; ssl_certificate ${cert}; ssl_certificate_key ${key}; ${locations} }`,
  )
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${join(folder, name)};`,
  )
  return `daemon off; ${process.getuid?.() === 0 ? 'user root;' : ''} worker_processes 1; pid ${join(folder, 'nginx.pid')};
events { worker_connections 256; }
http {
  access_log off; ssl_protocols TLSv1.2 TLSv1.3; server_tokens off; default_type text/plain; ${temporary.join(' ')}
  server { listen 127.0.0.1:${port}; listen [::1]:${port}; ${locations} }
  ${tls.join('\n')}
}
`
}
