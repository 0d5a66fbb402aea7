import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import fc from 'fast-check'
import { idsIn, LogWorld } from './log-world.ts'
import { TailRig } from './tail-rig.ts'

/**
 * Whatever a program writes and whatever becomes of its files, in whatever order, every line is stored exactly once, unless
 * the last thing that held it went away before it could be read.
 */

export type Command =
  | { readonly kind: 'write'; readonly count: number; readonly endsLine: boolean }
  | { readonly kind: 'rotate'; readonly how: 'rename' | 'copytruncate' }
  | { readonly kind: 'compress'; readonly nth: number }
  | { readonly kind: 'remove'; readonly which: 'live' | 'oldest' }
  | { readonly kind: 'read'; readonly maxLines: number }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'store'; readonly isWell: boolean }
  | { readonly kind: 'writeLate' | 'truncate' | 'backup' | 'switchLink' }
  | { readonly kind: 'discover' | 'look' | 'seal' | 'storeOne' | 'step' | 'restart' | 'crash' }

const weighted = <T>(weight: number, arbitrary: fc.Arbitrary<T>): { weight: number; arbitrary: fc.Arbitrary<T> } => ({
  weight,
  arbitrary,
})
const kinds = <K extends string>(...all: K[]): fc.Arbitrary<{ kind: K }> =>
  fc.constantFrom(...all).map((kind) => ({ kind }))

export const command: fc.Arbitrary<Command> = fc.oneof(
  weighted(
    8,
    fc.record({
      kind: fc.constant('write' as const),
      count: fc.integer({ min: 0, max: 4 }),
      endsLine: fc.boolean(),
    }),
  ),
  weighted(1, fc.record({ kind: fc.constant('write' as const), count: fc.constant(40), endsLine: fc.boolean() })),
  weighted(
    4,
    fc.record({
      kind: fc.constant('rotate' as const),
      how: fc.constantFrom('rename' as const, 'copytruncate' as const),
    }),
  ),
  weighted(2, fc.record({ kind: fc.constant('compress' as const), nth: fc.nat(3) })),
  weighted(
    2,
    fc.record({ kind: fc.constant('remove' as const), which: fc.constantFrom('live' as const, 'oldest' as const) }),
  ),
  weighted(4, fc.record({ kind: fc.constant('read' as const), maxLines: fc.constantFrom(0, 1, 3, 1000) })),
  weighted(2, fc.record({ kind: fc.constant('pass' as const), ms: fc.constantFrom(100, 6000, 61_000) })),
  weighted(1, fc.record({ kind: fc.constant('store' as const), isWell: fc.boolean() })),
  weighted(2, kinds('writeLate')),
  weighted(1, kinds('truncate', 'backup', 'switchLink')),
  weighted(10, kinds('discover', 'look', 'seal', 'storeOne', 'step', 'restart', 'crash')),
)

async function apply(world: LogWorld, commands: readonly Command[]): Promise<void> {
  const { rig } = world
  let isWell = true
  const storeAll = (): void => {
    while (isWell && rig.storeOne());
  }
  // Reading stops while the store refuses, as the pipeline does.
  const mayRead = (): boolean => rig.sealedCount < 2 || isWell
  for (const command of commands) {
    switch (command.kind) {
      case 'write':
        world.write(command.count, command.endsLine)
        break
      case 'rotate':
        world.rotate(command.how)
        break
      case 'compress':
        world.compress(command.nth)
        break
      case 'remove':
        world.remove(command.which)
        break
      case 'read':
        if (mayRead()) await rig.read(command.maxLines)
        break
      case 'pass':
        rig.clock.advance(command.ms)
        break
      case 'store':
        isWell = command.isWell
        break
      case 'seal':
        if (mayRead()) rig.seal()
        break
      case 'storeOne':
        if (isWell) rig.storeOne()
        break
      case 'step':
        rig.discover()
        rig.look()
        if (mayRead()) await rig.read()
        break
      case 'discover':
      case 'look':
        rig[command.kind]()
        break
      case 'restart':
        rig.seal()
        storeAll()
        await world.crash()
        break
      case 'crash':
        await world.crash()
        break
      default:
        world[command.kind]()
    }
  }
}

async function settle(rig: TailRig): Promise<void> {
  for (let n = 0; n < 3; n++) {
    await rig.step()
    rig.commit()
    rig.clock.advance(61_000)
  }
}

export async function check(commands: readonly Command[], glob: string, firstLines: number): Promise<void> {
  const rig = new TailRig({
    sources: [{ include: [glob] }],
    ...(existsSync('/dev/shm') && { storeParent: '/dev/shm' }),
  })
  const world = new LogWorld(rig)
  try {
    // A file that came and went before anyone ever looked cannot be known of; from here on the path is known.
    world.write(firstLines, true)
    await rig.step()
    rig.commit()
    await apply(world, commands)
    world.write(1, true)
    await settle(rig)
    rig.restart()
    await settle(rig)
    verify(world)
  } finally {
    world.close()
    rig.close()
  }
}

function verify(world: LogWorld): void {
  const counts = new Map<number, number>()
  for (const { text, isPartial, isContinued } of world.rig.stored) {
    for (const id of idsIn(text)) counts.set(id, (counts.get(id) ?? 0) + 1)
    if (!isPartial && !isContinued) assert.ok(world.lines.has(text), `a line that was never written: ${text}`)
  }
  const twice = [...counts].filter(([, count]) => count > 1).map(([id]) => id)
  const lost = [...world.tokens.keys()].filter((id) => !counts.has(id) && !world.excused.has(id))
  assert.equal(JSON.stringify({ twice, lost }), JSON.stringify({ twice: [], lost: [] }))
}
