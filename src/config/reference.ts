import type { MapSetting, Setting } from './outline.ts'
import { oneOf } from './problem.ts'

/** Every setting as Markdown: one table for the top, and one for each section. */
export function referenceOf(outline: Setting): string {
  const sections: string[] = []
  const visit = (setting: Setting, title: string): void => {
    switch (setting.kind) {
      case 'map':
        sections.push(sectionOf(setting, title))
        for (const [key, child] of setting.keys) visit(child, title === '' ? key : `${title}.${key}`)
        break
      case 'named':
        visit(setting.value, `${title}.<name>`)
        break
      case 'choice':
        for (const [type, variant] of setting.variants) visit(variant, `${title} with type: ${type}`)
        break
      case 'either':
        for (const form of setting.forms) visit(form, title)
        break
      case 'list':
        visit(setting.item, `${title}[]`)
        break
      default:
    }
  }
  visit(outline, '')
  return `${sections.filter((section) => section !== '').join('\n')}`
}

function sectionOf(map: MapSetting, title: string): string {
  const rows = [...map.keys].map(
    ([key, setting]) => `| \`${key}\` | ${defaultOf(map, key, setting)} | ${sentenceOf(setting)} |`,
  )
  const heading = title === '' ? 'agent.yaml' : title
  const about = map.description === '' ? '' : `${map.description}\n\n`
  return `## ${heading.replace(/^[^ ]+/, '`$&`')}\n\n${about}| setting | default | |\n|---|---|---|\n${rows.join('\n')}\n`
}

function defaultOf(map: MapSetting, key: string, setting: Setting): string {
  if (setting.kind === 'leaf' && setting.values?.length === 1) return `\`${setting.values[0]}\``
  if (map.keys.has(`${key}_file`) && map.required.has(key)) return `required, or \`${key}_file\``
  if (map.required.has(key)) return 'required'
  if (setting.default === undefined || setting.kind === 'map') return ''
  return `\`${typeof setting.default === 'string' ? setting.default : JSON.stringify(setting.default)}\``
}

function sentenceOf(setting: Setting): string {
  const words = valuesOf(setting)
  const values = words.length > 1 ? ` One of ${oneOf(words.map((value) => `\`${value}\``))}.` : ''
  return (setting.description + values).replaceAll('|', '\\|').replaceAll('*', '\\*').replaceAll('<', '&lt;')
}

/** The words that may stand there; of a setting with several forms, those of its scalar one. */
function valuesOf(setting: Setting): readonly string[] {
  if (setting.kind === 'either') return setting.forms.flatMap((form) => (form.kind === 'leaf' ? valuesOf(form) : []))
  return setting.kind === 'leaf' ? (setting.values ?? []) : []
}
