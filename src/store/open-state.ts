import { join } from 'node:path'
import { quarantine } from './salvage.ts'
import { StoreError } from './sqlite.ts'
import { STATE_FILE, StateStore } from './state-store.ts'

/**
 * Opens state.db. A damaged one is set aside and a new one begun: outputs then start at the oldest chunk that is stored, and
 * a collector recognises what it has by its key. @throws {StoreError} for everything but damage.
 */
export function openState(dataDir: string, nowMs: number): { state: StateStore; quarantine?: string } {
  const path = join(dataDir, STATE_FILE)
  try {
    return { state: new StateStore(path) }
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'corrupt') throw error
    const place = quarantine(dataDir, STATE_FILE, nowMs)
    return { state: new StateStore(path), quarantine: place }
  }
}
