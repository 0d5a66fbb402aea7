import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Certificate {
  readonly cert: string
  readonly key: string
}

export interface Request {
  /** Of the subject, and the names in it. */
  readonly cn?: string
  readonly altNames?: string
  /** Days from now. */
  readonly from?: number
  readonly until?: number
  /** Signs itself instead of being signed. */
  readonly isSelfSigned?: boolean
  /** Can sign others. */
  readonly isAuthority?: boolean
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

/** A certificate authority of openssl in `folder`, which can also date its certificates back. */
export class Authority {
  readonly caFile: string
  readonly #folder: string
  readonly #keyFile: string

  constructor(folder: string, issuedBy?: Authority) {
    mkdirSync(folder)
    this.#folder = folder
    this.caFile = join(folder, 'ca.pem')
    this.#keyFile = join(folder, 'ca.key')
    writeFileSync(join(folder, 'index'), '')
    writeFileSync(join(folder, 'index.attr'), 'unique_subject = no\n')
    writeFileSync(join(folder, 'serial'), '1000\n')
    if (issuedBy) {
      const { cert, key } = issuedBy.issue('middle', { cn: 'Test Middle', isAuthority: true, until: 20 })
      this.caFile = cert
      this.#keyFile = key
      return
    }
    const subject = ['-subj', '/C=DE/O=Test, Inc/CN=Test Root', '-days', '60']
    openssl(['req', '-x509', ...KEY, '-keyout', this.#keyFile, '-out', this.caFile, ...subject])
  }

  issue(
    name: string,
    {
      cn = 'localhost',
      altNames = `DNS:${cn}`,
      from = -1,
      until = 30,
      isSelfSigned = false,
      isAuthority = false,
    }: Request,
  ): Certificate {
    const file = (end: string): string => join(this.#folder, `${name}.${end}`)
    openssl([
      'req',
      ...KEY,
      '-keyout',
      file('key'),
      '-out',
      file('csr'),
      '-subj',
      `/C=DE/ST=S/L=Town/O=Test, Inc/OU=Unit/CN=${cn}`,
    ])
    writeFileSync(file('conf'), configOf(this.#folder, { altNames, isAuthority }))
    const signer = isSelfSigned
      ? ['-selfsign', '-keyfile', file('key')]
      : ['-cert', this.caFile, '-keyfile', this.#keyFile]
    const dates = ['-startdate', dateText(from), '-enddate', dateText(until)]
    openssl([
      'ca',
      '-batch',
      '-notext',
      '-config',
      file('conf'),
      ...signer,
      '-in',
      file('csr'),
      '-out',
      file('pem'),
      ...dates,
    ])
    return { cert: file('pem'), key: file('key') }
  }
}

function configOf(folder: string, { altNames, isAuthority }: { altNames: string; isAuthority: boolean }): string {
  return `[ca]
default_ca = own
[own]
dir = ${folder}
database = ${join(folder, 'index')}
serial = ${join(folder, 'serial')}
new_certs_dir = ${folder}
default_md = sha256
policy = any
x509_extensions = extensions
[any]
countryName = optional
stateOrProvinceName = optional
localityName = optional
organizationName = optional
organizationalUnitName = optional
commonName = supplied
[extensions]
subjectAltName = ${altNames}
basicConstraints = CA:${isAuthority ? 'TRUE' : 'FALSE'}
`
}

function dateText(days: number): string {
  return `${new Date(Date.now() + days * 86_400_000).toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`
}

function openssl(args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: 'pipe' })
}
