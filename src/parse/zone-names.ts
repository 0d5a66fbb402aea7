/**
 * Abbreviations of zones, as programs print them after a time. The zone database's alphabetic ones, and a few it has given up
 * that are still written. One name may mean several offsets (`CST`: Chicago's or Shanghai's); the first is taken unless the
 * source's own zone says another.
 */
const HOURS: Readonly<Record<string, readonly number[]>> = {
  UTC: [0],
  GMT: [0],
  UCT: [0],
  WET: [0],
  WEST: [1],
  BST: [1, 6],
  CET: [1],
  CEST: [2],
  MEZ: [1],
  MESZ: [2],
  EET: [2],
  EEST: [3],
  MSK: [3],
  WAT: [1],
  CAT: [2],
  SAST: [2],
  EAT: [3],
  IST: [5.5, 2, 1],
  IDT: [3],
  PKT: [5],
  WIB: [7],
  ICT: [7],
  WITA: [8],
  HKT: [8],
  SGT: [8],
  WIT: [9],
  JST: [9],
  KST: [9],
  AWST: [8],
  ACST: [9.5],
  ACDT: [10.5],
  AEST: [10],
  AEDT: [11],
  NZST: [12],
  NZDT: [13],
  BRT: [-3],
  BRST: [-2],
  NST: [-3.5],
  NDT: [-2.5],
  AST: [-4, 3],
  ADT: [-3],
  EST: [-5],
  EDT: [-4],
  CST: [-6, 8, -5],
  CDT: [-5, -4],
  MST: [-7],
  MDT: [-6],
  PST: [-8, 8],
  PDT: [-7],
  AKST: [-9],
  AKDT: [-8],
  HST: [-10],
  HDT: [-9],
  SST: [-11],
}

/** Offsets from UTC in ms, by `zoneKey` of the name's letters in turn. */
export const ZONE_OFFSETS: ReadonlyMap<number, readonly number[]> = new Map(
  Object.entries(HOURS).map(([name, hours]): [number, readonly number[]] => {
    let key = 0
    for (let i = 0; i < name.length; i++) key = zoneKey(key, name.charCodeAt(i))
    return [key, hours.map((hour) => hour * 3_600_000)]
  }),
)

/** Mixes one more capital letter to the key of those before; keys of up to five letters are all different. */
export function zoneKey(key: number, letter: number): number {
  return key * 32 + letter - 0x40
}
