import { execFile } from 'node:child_process'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { createHwmonCollector } from '../../src/host/collectors/hwmon.ts'
import { parseSensorFile, readingOf } from '../../src/host/collectors/hwmon-names.ts'
import { collected, machine, only, treeOf } from './samples.ts'

t.test('hwmon tells temperatures and limits in Celsius, with the chip by its device', async (t) => {
  const values = await collected(createHwmonCollector(machine('raid-bond')))
  const temperature = (property: string, chip: string, sensor = 'temp1') =>
    values[`node_hwmon_temp_${property}{chip="${chip}",sensor="${sensor}"}`]
  t.equal(temperature('celsius', 'platform_coretemp_0'), 61.5)
  t.equal(temperature('max_celsius', 'platform_coretemp_0'), 84)
  t.equal(temperature('crit_celsius', 'platform_coretemp_0'), 100)
  t.equal(temperature('crit_alarm_celsius', 'platform_coretemp_0'), 0)
  t.equal(temperature('crit_alarm_celsius', 'platform_coretemp_0', 'temp2'), 1, 'an alarm is 1, not a thousandth')
  t.equal(temperature('alarm', 'nvme_nvme0'), 0)
  t.equal(temperature('celsius', 'acpitz'), 27.8, 'a chip without a device has the name of its driver')
  t.equal(values['node_hwmon_chip_names{chip="platform_coretemp_0",chip_name="coretemp"}'], 1)
  t.equal(values['node_hwmon_sensor_label{chip="platform_coretemp_0",label="Package id 0",sensor="temp1"}'], 1)
})

t.test('hwmon tells fans, voltages, power and the rest in base units', async (t) => {
  const values = await collected(createHwmonCollector(machine('raid-bond')))
  const board = 'chip="platform_nct6775_656"'
  const meter = 'chip="acpi_acpi000d_00"'
  for (const [series, value] of [
    [`node_hwmon_fan_rpm{${board},sensor="fan1"}`, 1012],
    [`node_hwmon_fan_min_rpm{${board},sensor="fan1"}`, 0],
    [`node_hwmon_fan_alarm{${board},sensor="fan2"}`, 1],
    [`node_hwmon_fan_beep_enabled{${board},sensor="fan1"}`, 1],
    [`node_hwmon_fan_pulses{${board},sensor="fan1"}`, 2],
    [`node_hwmon_in_volts{${board},sensor="in0"}`, 0.88],
    [`node_hwmon_in_max_volts{${board},sensor="in0"}`, 1.744],
    [`node_hwmon_in_alarm{${board},sensor="in0"}`, 0],
    [`node_hwmon_pwm{${board},sensor="pwm1"}`, 153],
    [`node_hwmon_pwm_enable{${board},sensor="pwm1"}`, 5],
    [`node_hwmon_beep_enabled{${board},sensor="beep_enable0"}`, 1],
    [`node_hwmon_intrusion_alarm{${board},sensor="intrusion0"}`, 0],
    [`node_hwmon_temp_type{${board},sensor="temp7"}`, 4],
    [`node_hwmon_voltage_regulator_version{${board},sensor="vrm0"}`, 110],
    [`node_hwmon_power_average_watt{${meter},sensor="power1"}`, 176.5],
    [`node_hwmon_power_average_interval_seconds{${meter},sensor="power1"}`, 300],
    [`node_hwmon_power_accuracy{${meter},sensor="power1"}`, 0.9],
    [`node_hwmon_curr_amps{${meter},sensor="curr1"}`, 0.8],
    [`node_hwmon_energy_joule_total{${meter},sensor="energy1"}`, 12.345678],
    [`node_hwmon_humidity{${meter},sensor="humidity1"}`, 0.0415],
    [`node_hwmon_update_interval_seconds{${meter},sensor="update_interval0"}`, 1],
  ] as const) {
    t.equal(values[series], value, series)
  }
})

t.test('hwmon leaves out files that are garbage, empty, a folder, or a link to itself', async (t) => {
  const values = await collected(createHwmonCollector(machine('raid-bond')))
  const sensors = Object.keys(only(values, 'node_hwmon_temp_celsius{chip="platform_nct6775_656"'))
  t.same(sensors, ['node_hwmon_temp_celsius{chip="platform_nct6775_656",sensor="temp7"}'])
})

t.test('hwmon keeps chips of the same name apart by their devices', async (t) => {
  const values = await collected(createHwmonCollector(machine('many-cores')))
  t.equal(values['node_hwmon_temp_celsius{chip="platform_coretemp_0",sensor="temp1"}'], 50)
  t.equal(values['node_hwmon_temp_celsius{chip="platform_coretemp_1",sensor="temp1"}'], 51.25)
  const names = Object.keys(only(values, 'node_hwmon_chip_names')).filter((series) => /chip_name="jc42"/.test(series))
  t.equal(names.length, 2)
})

t.test('hwmon shows only the first of chips that cannot be told apart', async (t) => {
  const chip = (number: number, value: string) => ({
    [`sys/class/hwmon/hwmon${number}/name`]: 'twin\n',
    [`sys/class/hwmon/hwmon${number}/temp1_input`]: value,
  })
  const values = await collected(createHwmonCollector(await treeOf(t, { ...chip(0, '1000\n'), ...chip(1, '2000\n') })))
  t.same(only(values, 'node_hwmon_temp'), { 'node_hwmon_temp_celsius{chip="twin",sensor="temp1"}': 1 })
})

t.test('hwmon goes on without a file that hangs, and asks it again when it has answered', async (t) => {
  const roots = await treeOf(t, {
    'sys/class/hwmon/hwmon0/name': 'slow\n',
    'sys/class/hwmon/hwmon0/temp2_input': '2000\n',
  })
  const path = join(roots.sys, 'class/hwmon/hwmon0/temp1_input')
  await promisify(execFile)('mkfifo', [path])
  // Reading a pipe that nobody writes to hangs as a driver does.
  const collector = createHwmonCollector(roots)
  const both = { 'node_hwmon_temp_celsius{chip="slow",sensor="temp2"}': 2 }
  t.same(only(await collected(collector), 'node_hwmon_temp'), both)
  const startMs = performance.now()
  t.same(only(await collected(collector), 'node_hwmon_temp'), both)
  t.ok(performance.now() - startMs < 1500, 'it is not waited for again')
  await writeFile(path, '1000\n')
  await rm(path)
  await writeFile(path, '3000\n')
  const series = 'node_hwmon_temp_celsius{chip="slow",sensor="temp1"}'
  for (let tries = 0; tries < 500; tries++) {
    const value = (await collected(collector))[series]
    if (value !== undefined) return t.equal(value, 3)
  }
  t.fail('it is never asked again')
})

t.test('hwmon ends on abort', async (t) => {
  const roots = await treeOf(t, { 'sys/class/hwmon/hwmon0/name': 'slow\n' })
  const path = join(roots.sys, 'class/hwmon/hwmon0/temp1_input')
  await promisify(execFile)('mkfifo', [path])
  await t.rejects(collected(createHwmonCollector(roots), AbortSignal.timeout(100)), { name: 'TimeoutError' })
  await writeFile(path, 'over\n')
})

t.test('names of files that are no sensors are none', (t) => {
  for (const name of [
    'name',
    'device',
    'uevent',
    'temp_',
    '1temp',
    '',
    'fan1_',
    'in99999999999_input',
    'x'.repeat(300),
  ]) {
    const parsed = parseSensorFile(name)
    t.ok(parsed === undefined || parsed.property === '', name.slice(0, 20))
  }
  t.same(parseSensorFile('temp1_crit_alarm'), { type: 'temp', number: 1, property: 'crit_alarm' })
  for (const text of ['', ' ', 'N/A', '0x10', '1 2', 'Infinity', '--1']) {
    t.equal(readingOf({ type: 'temp', property: 'input', text, hasValue: false }), undefined, text)
  }
  t.end()
})
