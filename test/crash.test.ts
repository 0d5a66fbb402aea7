import { rm } from 'node:fs/promises'
import t from 'tap'
import { buildAgent } from './crash/build.ts'
import { type StormReport, storm } from './crash/storm.ts'
import { WRONG_BUILDS } from './crash/wrong-builds.ts'

/** `SEED=… node --test test/crash.test.ts` does the same again, as far as the machine plays along; `KILLS=1000` does more. */
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)
const kills = Number(process.env.KILLS ?? 50)
/** A wrong build gives itself away sooner: after a few kills, or some more where the machine is slow. */
const WRONG_BUILD_KILLS = 40

t.setTimeout(0)
t.comment(`SEED=${seed} KILLS=${kills}`)

t.test('every line is stored once and delivered, however often the agent is killed', { timeout: 0 }, async (t) => {
  const build = await buildAgent()
  t.teardown(() => rm(build, { recursive: true }))
  const report = await storm({ build, seed, kills })
  t.comment(figuresOf(report))
  t.strictSame(report.violations, [], `SEED=${seed}`)
  t.equal(report.kills, kills)
  t.ok(report.repeatedKeys > 0, 'the collector was sent something a second time')
})

t.test('a wrong build does not get through', { timeout: 0 }, async (t) => {
  for (const { name, patch, violation } of WRONG_BUILDS) {
    t.test(`one that ${name}`, { timeout: 0 }, async (t) => {
      const build = await buildAgent([patch])
      t.teardown(() => rm(build, { recursive: true }))
      const report = await storm({ build, seed, kills: WRONG_BUILD_KILLS })
      t.comment(figuresOf(report))
      t.match(report.violations.join('\n'), violation)
    })
  }
})

function figuresOf({ violations, ...figures }: StormReport): string {
  return `${JSON.stringify(figures)}, ${violations.length} violations`
}
