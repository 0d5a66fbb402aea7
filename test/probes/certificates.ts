import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface KeyPair {
  readonly key: string
  readonly cert: string
}

/** An authority, and what it has signed for localhost and 127.0.0.1: one that holds, one that has ended, one for another name. */
export interface Certificates {
  readonly ca: string
  readonly otherCa: string
  readonly good: KeyPair
  readonly expired: KeyPair
  readonly elsewhere: KeyPair
}

const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

const openssl = (...args: string[]): unknown => execFileSync('openssl', args, { stdio: 'pipe' })

export function makeCertificates(folder: string): Certificates {
  mkdirSync(folder, { recursive: true })
  const authority = (name: string): KeyPair => {
    const pair = { key: join(folder, `${name}.key`), cert: join(folder, `${name}.pem`) }
    openssl('req', '-x509', ...EC, '-keyout', pair.key, '-out', pair.cert, '-subj', `/CN=${name}`, '-days', '2')
    return pair
  }
  const [ca, other] = [authority('obs-ca'), authority('obs-other-ca')]
  // `openssl ca` is the one command that sets both dates in every version.
  writeFileSync(join(folder, 'index.txt'), '')
  writeFileSync(
    join(folder, 'ca.cnf'),
    `[ca]\ndefault_ca=d\n[d]\ndatabase=${folder}/index.txt\nnew_certs_dir=${folder}\ndefault_md=sha256\npolicy=p\nunique_subject=no\nrand_serial=yes\ncopy_extensions=copy\n[p]\ncommonName=supplied\n`,
  )
  const signed = (name: string, { san, dates }: { san: string; dates: string[] }): KeyPair => {
    const pair = { key: join(folder, `${name}.key`), cert: join(folder, `${name}.pem`) }
    const request = join(folder, `${name}.csr`)
    openssl(
      'req',
      '-new',
      ...EC,
      '-keyout',
      pair.key,
      '-out',
      request,
      '-subj',
      `/CN=${name}`,
      '-addext',
      `subjectAltName=${san}`,
    )
    openssl(
      'ca',
      '-batch',
      '-notext',
      '-config',
      join(folder, 'ca.cnf'),
      '-in',
      request,
      '-out',
      pair.cert,
      '-cert',
      ca.cert,
      '-keyfile',
      ca.key,
      ...dates,
    )
    chmodSync(pair.key, 0o600)
    return pair
  }
  const san = 'DNS:localhost,IP:127.0.0.1'
  const now = ['-days', '2']
  return {
    ca: ca.cert,
    otherCa: other.cert,
    good: signed('localhost', { san, dates: now }),
    expired: signed('expired', { san, dates: ['-startdate', '20200101000000Z', '-enddate', '20200102000000Z'] }),
    elsewhere: signed('elsewhere', { san: 'DNS:elsewhere.example', dates: now }),
  }
}
