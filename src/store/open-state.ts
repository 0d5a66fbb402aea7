import { join } from 'node:path'
import { quarantine } from './salvage.ts'
import { StoreError } from './sqlite.ts'
import { STATE_FILE, StateStore } from './state-store.ts'

/**
 * Opens state.db, and looks at all of it: it is small, and a damaged page would else be met one day by a cursor that cannot
 * be moved. A damaged one is set aside and a new one begun: outputs then start at the oldest chunk that is stored, and a
 * collector recognises what it has by its key. @throws {StoreError} for everything but damage.
 */
export function openState(dataDir: string, nowMs: number): { state: StateStore; quarantine?: string } {
  const path = join(dataDir, STATE_FILE)
  try {
    const state = new StateStore(path)
    if (isWhole(state)) return { state }
    state.close()
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'corrupt') throw error
  }
  const place = quarantine(dataDir, STATE_FILE, nowMs)
  return { state: new StateStore(path), quarantine: place }
}

function isWhole(state: StateStore): boolean {
  try {
    return state.quickCheck() === undefined
  } catch (error) {
    state.close()
    throw error
  }
}
