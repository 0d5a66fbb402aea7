import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, isAnswering, type Program, startProgram } from './program.ts'

/** Value of each sample, by its name and labels as they are printed: `probe_tls_version_info{version="TLS 1.3"}`. */
export type Samples = ReadonlyMap<string, number>

export interface Blackbox extends Program {
  probe(module: string, target: string): Promise<Samples>
}

/** The blackbox_exporter of Debian, with these modules (JSON is YAML). */
export async function startBlackbox(folder: string, modules: object): Promise<Blackbox> {
  const file = join(folder, 'blackbox.yml')
  writeFileSync(file, JSON.stringify({ modules }))
  const origin = `http://127.0.0.1:${await freePort()}`
  const command = ['prometheus-blackbox-exporter', `--config.file=${file}`, `--web.listen-address=${origin.slice(7)}`]
  const program = await startProgram(command, () => isAnswering(`${origin}/-/healthy`))
  return {
    ...program,
    async probe(module, target) {
      const query = new URLSearchParams({ module, target })
      return parseSamples(await (await fetch(`${origin}/probe?${query}`)).text())
    },
  }
}

export function parseSamples(exposition: string): Samples {
  const lines = exposition.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  )
}
