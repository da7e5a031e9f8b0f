/** How the learning rate changes from step to step. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

const steps = (minimum: number) =>
  Schema.Int.pipe(Schema.check(Schema.isGreaterThanOrEqualTo(minimum)))

const warmupSteps = steps(0).pipe(Schema.withDecodingDefaultKey(Effect.succeed(0)))

const Fraction = Schema.Finite.pipe(
  Schema.check(Schema.isGreaterThanOrEqualTo(0), Schema.isLessThanOrEqualTo(1))
)

const decay = {
  warmupSteps,
  holdSteps: steps(0).pipe(Schema.withDecodingDefaultKey(Effect.succeed(0))),
  totalSteps: Schema.optionalKey(steps(1)),
  finalFraction: Fraction.pipe(Schema.withDecodingDefaultKey(Effect.succeed(0)))
}

/**
 * The learning rate of step `s` (from 0) as a share of the optimiser's, with `W = warmupSteps`,
 * `H = holdSteps`, `f = finalFraction`, and `T = totalSteps`, which is the number of steps of the
 * run where the schedule does not say:
 *
 * - first `(s + 1) / W` (`s < W`), so that the first step counts for something and step `W − 1` runs
 *   at 1, then 1 for `H` more steps;
 * - `Constant`: 1 from then on;
 * - `Linear`: `f + (1 − f)·(1 − p)`;
 * - `Cosine`: `f + (1 − f)·(1 + cos πp) / 2` (arXiv:1608.03983 eq. 5, one period),
 *
 * with `p = (s − W − H) / (T − W − H)` from 0 up to 1: the step after the last would run at `f`, and
 * so do all later ones. From step `W` on, this is what transformers'
 * `get_{constant,linear,cosine}_schedule_with_warmup` gives (`f = 0`); before, it is one step ahead of
 * it. `warmupSteps`, `holdSteps` and `finalFraction` are 0 by default.
 */
export const LearningRateSchedule = Schema.Union([
  Schema.TaggedStruct("Constant", { warmupSteps }),
  Schema.TaggedStruct("Linear", decay),
  Schema.TaggedStruct("Cosine", decay)
])
export type LearningRateSchedule = typeof LearningRateSchedule.Type

/** The optimiser's learning rate at every step. */
export const constantSchedule: LearningRateSchedule = { _tag: "Constant", warmupSteps: 0 }

/** Where a run is: `step` counts from 0, `steps` is how many there are. */
export interface ScheduleMoment {
  /** The optimiser's learning rate, which the schedule scales. */
  readonly learningRate: number
  readonly step: number
  readonly steps: number
}

/**
 * The learning rate of a step; see {@link LearningRateSchedule} for the formulas.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { learningRateAt, type LearningRateSchedule } from "@sml/policy"
 *
 * const schedule: LearningRateSchedule = {
 *   _tag: "Linear",
 *   warmupSteps: 2,
 *   holdSteps: 0,
 *   finalFraction: 0
 * }
 * const rates = [0, 1, 2, 3, 4, 5].map((step) =>
 *   learningRateAt(schedule, { learningRate: 1, step, steps: 6 })
 * )
 * assert.deepEqual(rates, [0.5, 1, 1, 0.75, 0.5, 0.25])
 * ```
 */
export const learningRateAt = (
  schedule: LearningRateSchedule,
  { learningRate, step, steps: runSteps }: ScheduleMoment
): number => {
  const up = Math.min(1, (step + 1) / Math.max(1, schedule.warmupSteps))
  if (schedule._tag === "Constant") return learningRate * up
  const total = schedule.totalSteps ?? runSteps
  const from = schedule.warmupSteps + schedule.holdSteps
  if (step < from) return learningRate * up
  const { finalFraction } = schedule
  const left = step >= total ? 0 : (total - step) / (total - from)
  const share = schedule._tag === "Linear" ? left : (1 + Math.cos(Math.PI * (1 - left))) / 2
  return learningRate * (finalFraction + (1 - finalFraction) * share)
}

/**
 * What is wrong with a schedule for a run of `steps` steps, as the middle of a sentence, or
 * `undefined`: a decay that would never begin.
 */
export const scheduleFault = (
  schedule: LearningRateSchedule,
  runSteps: number
): string | undefined => {
  if (schedule._tag === "Constant") return undefined
  const { holdSteps, totalSteps = runSteps, warmupSteps: rising } = schedule
  return rising + holdSteps < totalSteps
    ? undefined
    : `the ${schedule._tag.toLowerCase()} schedule has ${rising} warmupSteps and ${holdSteps} holdSteps but ${totalSteps} steps in all, so that the learning rate never falls; use fewer of them, or the constant schedule`
}
