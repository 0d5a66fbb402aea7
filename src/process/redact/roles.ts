/** What is done about the members of an entry, by their keys. */

export const ROLE = {
  searched: 0,
  /** The agent's own, or of a fixed form. */
  skipped: 1,
  /** Searched, unless it is what the agent was configured to say. */
  service: 2,
  version: 3,
  environment: 4,
} as const
export type Role = (typeof ROLE)[keyof typeof ROLE]

/** `duration` and `status_code` are numbers by contract. */
const SKIPPED = ['timestamp', 'level', 'host', 'source', 'file', 'offset', 'duration', 'status_code']

/** Members that stay, if need be empty, when nothing is left of their value. */
export const REQUIRED: ReadonlySet<string> = new Set(['message', 'service', 'version', 'environment'])

const ROLES: ReadonlyMap<string, Role> = new Map<string, Role>([
  ...SKIPPED.map((name): [string, Role] => [name, ROLE.skipped]),
  ['service', ROLE.service],
  ['version', ROLE.version],
  ['environment', ROLE.environment],
])

export function roleOf(key: string): Role {
  return ROLES.get(key) ?? ROLE.searched
}

/** By slot: a name and its role. Distinct names have distinct slots, so most keys are dismissed by an empty one. */
const SLOTS: ({ readonly name: Buffer; readonly role: Role } | undefined)[] = Array.from(
  { length: 256 },
  () => undefined,
)
for (const [name, role] of ROLES)
  SLOTS[slotOf(name.length, name.charCodeAt(0), name.charCodeAt(2))] = { name: Buffer.from(name), role }

function slotOf(length: number, first: number, third: number): number {
  return (length * 37 + first * 7 + third) & 0xff
}

/** The role of the key in bytes [start, end) of `view`. */
export function roleOfBytes(view: DataView, start: number, end: number): Role {
  const length = end - start
  if (length < 3) return ROLE.searched
  const slot = SLOTS[slotOf(length, view.getUint8(start), view.getUint8(start + 2))]
  if (slot === undefined || slot.name.length !== length) return ROLE.searched
  const { name } = slot
  for (let i = 0; i < length; i++) if (view.getUint8(start + i) !== name[i]) return ROLE.searched
  return slot.role
}
