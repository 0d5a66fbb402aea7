export interface SeriesStoreOptions {
  /** How long samples are kept of a name that nobody asks more of. */
  readonly retentionMs: number
  /** For all samples and what is known of their series. */
  readonly maxBytes: number
  readonly maxSeries: number
}

export const USUAL_SERIES: SeriesStoreOptions = { retentionMs: 3_600_000, maxBytes: 64 * 2 ** 20, maxSeries: 20_000 }

export interface SeriesStats {
  readonly series: number
  /** Staleness markers included. */
  readonly samples: number
  readonly bytes: number
  /** Samples that were not taken since their series would have been one too many, or one too much for `maxBytes`. */
  readonly refused: number
  /** Samples not later than the newest one of their series. */
  readonly outOfOrder: number
  /** Samples that went before their time: `maxBytes` is reached, and their ring could not grow. */
  readonly shortened: number
}
