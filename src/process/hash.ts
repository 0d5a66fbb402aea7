/**
 * A number from 0 to 2^32 − 1 for a text, spread evenly: FNV-1a over its UTF-16 units, and MurmurHash3's last mix, without
 * which texts that differ in their last characters only would lie close together. The same on every host and in every version:
 * what is sampled depends on it.
 */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
