/** `ask`, refused while the call before has not ended: whoever gave that one up still has not got it out of the way. */
export function oneAtATime<A extends readonly unknown[], T>(
  ask: (...args: A) => Promise<T>,
): (...args: A) => Promise<T> {
  let isBusy = false
  return async (...args) => {
    if (isBusy) throw new Error('Cannot ask again: the call before has not ended')
    isBusy = true
    try {
      return await ask(...args)
    } finally {
      isBusy = false
    }
  }
}
