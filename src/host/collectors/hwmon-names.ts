/** What a file of a chip is: `temp1_crit` is the property `crit` of sensor 1 of the type `temp`. */
export interface SensorFile {
  readonly type: string
  readonly number: number
  /** Empty for a file that is only type and number: `pwm1`. */
  readonly property: string
}

const TYPES = new Set([
  ...['vrm', 'beep_enable', 'update_interval', 'in', 'cpu', 'fan', 'pwm', 'temp'],
  ...['curr', 'power', 'energy', 'humidity', 'intrusion'],
])

export function parseSensorFile(name: string): SensorFile | undefined {
  const [, type = '', number = '', property = ''] = /^([^0-9]+)([0-9]{0,9})(?:_(.+))?$/.exec(name) ?? []
  return TYPES.has(type) ? { type, number: Number(number), property } : undefined
}

export interface Reading {
  readonly family: string
  readonly help: string
  readonly value: number
  readonly isCounter?: boolean
}

interface SensorText {
  readonly type: string
  readonly property: string
  readonly text: string
  /** Whether the sensor also has a file without a property, which then is its value. */
  readonly hasValue: boolean
}

/** The family a file belongs to, and its number in base units; undefined when it is no number, or says nothing of its own. */
export function readingOf({ type, property, text, hasValue }: SensorText): Reading | undefined {
  if (property === 'label') return undefined
  const trimmed = text.trim()
  if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(trimmed)) return undefined
  const number = Number(trimmed)
  const own = OWN_NAMES[type]
  if (own) return { family: `node_hwmon_${own.name}`, help: own.help, value: own.value(number) }
  const isValue = property === '' || (property === 'input' && !hasValue)
  const name = `node_hwmon_${type}${isValue ? '' : `_${cleanProperty(property)}`}`
  if (property === 'fault' || property === 'alarm') {
    return { family: name, help: `1 when the sensor (${type}) has this: ${property}.`, value: number }
  }
  if (property === 'beep') {
    return { family: `${name}_enabled`, help: `1 when the sensor (${type}) beeps at an alarm.`, value: number }
  }
  const unit = unitOf(type, property)
  // Limits that have an alarm of their own keep the unit in the name, but 1 is 1, whatever the unit.
  const isAlarm = /_alarm$/.test(property)
  return {
    family: `${name}${unit.suffix}`,
    help: `${unit.help} (${property || 'value'}).`,
    value: isAlarm ? number : unit.scale(number),
    ...(unit.isCounter && { isCounter: true }),
  }
}

const thousandth = (value: number): number => value * 0.001
const millionth = (value: number): number => value / 1_000_000
const whole = (value: number): number => value

/** Files that are no sensor. */
const OWN_NAMES: Readonly<Record<string, { name: string; help: string; value: (number: number) => number }>> = {
  beep_enable: { name: 'beep_enabled', help: '1 when the chip beeps.', value: (on) => (on === 1 ? 1 : 0) },
  vrm: { name: 'voltage_regulator_version', help: 'Version of the voltage regulator.', value: whole },
  update_interval: {
    name: 'update_interval_seconds',
    help: 'Time from one reading of the chip to the next.',
    value: thousandth,
  },
}

interface Unit {
  readonly suffix: string
  readonly scale: (value: number) => number
  readonly help: string
  readonly isCounter?: true
}

// biome-ignore format: a table
const UNITS: readonly (Unit & { readonly types: readonly string[]; readonly properties?: RegExp })[] = [
  { types: ['in', 'cpu'], suffix: '_volts', scale: thousandth, help: 'Voltage' },
  { types: ['temp'], properties: /^(?!type$)/, suffix: '_celsius', scale: thousandth, help: 'Temperature' },
  { types: ['curr'], suffix: '_amps', scale: thousandth, help: 'Current' },
  { types: ['energy'], suffix: '_joule_total', scale: millionth, help: 'Energy used so far', isCounter: true },
  { types: ['power'], properties: /^accuracy$/, suffix: '', scale: millionth, help: 'Accuracy of the meter, as a ratio' },
  { types: ['power'], properties: /^average_interval(_min|_max)?$/, suffix: '_seconds', scale: thousandth, help: 'Time the average is over' },
  { types: ['power'], suffix: '_watt', scale: millionth, help: 'Power' },
  { types: ['humidity'], suffix: '', scale: millionth, help: 'Humidity, as a ratio' },
  { types: ['fan'], properties: /^(input|min|max|target)$/, suffix: '_rpm', scale: whole, help: 'Revolutions per minute' },
]

function unitOf(type: string, property: string): Unit {
  const found = UNITS.find((unit) => unit.types.includes(type) && (unit.properties?.test(property) ?? true))
  return found ?? { suffix: '', scale: whole, help: `As the driver has it: ${type}` }
}

function cleanProperty(property: string): string {
  return property
    .toLowerCase()
    .replace(/[^a-z0-9:_]/g, '_')
    .replace(/^_+|_+$/g, '')
}
