/** The numbers of training steps as metrics of Effect, for whoever collects them. */
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"

import type { StepRecord } from "./StepRecord.ts"
import { stepMetrics } from "./StepRecord.ts"

/** Sets a gauge for each number, under the names of `metrics.jsonl` with `sml.train.` before them. */
export const recordStep = (record: StepRecord): Effect.Effect<void> =>
  Effect.forEach(
    Object.entries(stepMetrics(record)),
    ([name, value]) => Metric.update(Metric.gauge(`sml.train.${name}`), value),
    { discard: true }
  )
