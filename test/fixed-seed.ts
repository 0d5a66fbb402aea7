/**
 * Loaded before each test file of `npm test`: properties are tried on the same examples each time, so that a failure is one of the
 * change at hand. `SEED=…` tries others.
 */
import fc from 'fast-check'

fc.configureGlobal({ seed: Number(process.env.SEED ?? 1) })
