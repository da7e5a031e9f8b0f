/** The schedule of the learning rate that the settings name. */
import type { LearningRateSchedule } from "@sml/policy"

import type { TrainOptions } from "./TrainOptions.ts"

const tags = { constant: "Constant", linear: "Linear", cosine: "Cosine" } as const

/** Warm-up, then constant, or falling to 0 by the step after the last. */
export const scheduleOf = ({
  schedule,
  warmup
}: Pick<TrainOptions, "schedule" | "warmup">): LearningRateSchedule => {
  const _tag = tags[schedule]
  return _tag === "Constant"
    ? { _tag, warmupSteps: warmup }
    : { _tag, warmupSteps: warmup, holdSteps: 0, finalFraction: 0 }
}
