import { z } from 'zod'
import { complain } from './refine.ts'
import { duration, size } from './settings.ts'

/** `metrics`: how much of the metrics is kept. */

export const seriesSetting = () =>
  z
    .strictObject({
      interval: duration({ min: '1s', max: '5m' })
        .prefault('15s')
        .describe('From one sample of all metrics to the next.'),
      retention: duration({ min: '5m', max: '30d' })
        .prefault('1h')
        .describe(
          'How long every sample is kept in memory; rules that look further back make it longer for what they ask.',
        ),
      max_bytes: size({ min: '1MiB', max: '4GiB' })
        .prefault('64MiB')
        .describe('Memory for samples; beyond, the oldest go early and new series are refused.'),
      history: duration({ max: '3650d' }).prefault('7d').describe('How long samples are kept on disk; 0s: not at all.'),
      history_step: duration({ min: '1s', max: '1h' })
        .prefault('60s')
        .describe('Of each step, the history keeps the last sample of every series.'),
      history_max_bytes: size({ min: '1MiB' })
        .prefault('256MiB')
        .describe('Size of the history; beyond, the oldest samples are removed.'),
    })
    .superRefine((s, context) => {
      if (s.history > 0 && s.history_step > s.history)
        complain(context, 'history_step', 'expected at most what history is')
    })
    .transform((s) => ({
      intervalMs: s.interval,
      retentionMs: s.retention,
      maxBytes: s.max_bytes,
      historyMs: s.history,
      historyStepMs: s.history_step,
      historyMaxBytes: s.history_max_bytes,
    }))
    .prefault({})
    .describe('How much is kept of what /metrics shows, for rules and questions.')

export type SeriesConfig = z.output<ReturnType<typeof seriesSetting>>
