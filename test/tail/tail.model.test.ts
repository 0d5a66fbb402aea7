import fc from 'fast-check'
import t from 'tap'
import { check, command } from './tail-model.ts'
import { EXAMPLES } from './tail-model-examples.ts'

/** `RUNS=5000 SEED=…` for more; a failure prints its seed. */
t.test(
  'the tailer stores every line exactly once, whatever becomes of its files',
  { timeout: 3_600_000 },
  async (t) => {
    const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)
    const numRuns = Number(process.env.RUNS ?? 1000)
    t.comment(`SEED=${seed} RUNS=${numRuns}`)
    const property = fc.asyncProperty(
      fc.array(command, { minLength: 3, maxLength: 40 }),
      fc.constantFrom('app.log', 'app.log*'),
      fc.constantFrom(1, 40),
      check,
    )
    await t.resolves(fc.assert(property, { seed, numRuns, includeErrorInReport: true }))
  },
)

for (const [commands, glob, firstLines] of EXAMPLES) {
  const name = commands.map((one) => Object.values(one).join(' ')).join(', ')
  t.test(`${glob} loses and repeats nothing: ${name}`, (t) => t.resolves(check(commands, glob, firstLines)))
}
