import { Secret } from './secret.ts'

/** Secrets are objects that give nothing away, not even to structured clone: between threads they travel in this form. */
interface Packed {
  readonly packedSecret: string
}

/** A decoded configuration in a form that can be posted to another thread. */
export function pack(value: unknown): unknown {
  if (value instanceof Secret) return { packedSecret: value.reveal() } satisfies Packed
  return mapped(value, pack)
}

/** The configuration that was packed. */
export function unpack(value: unknown): unknown {
  if (isPacked(value)) return new Secret(value.packedSecret)
  return mapped(value, unpack)
}

function mapped(value: unknown, change: (inner: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map(change)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, change(inner)]))
}

function isPacked(value: unknown): value is Packed {
  return typeof value === 'object' && value !== null && 'packedSecret' in value
}
