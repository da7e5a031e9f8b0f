/** One step of training: dialogues, then an update of the weights. */
import type { Group } from "@sml/env-pomdp"
import { mixSeed, rolloutGroup } from "@sml/env-pomdp"
import { update } from "@sml/grpo-core"
import { adamW, learningRateAt } from "@sml/policy"
import { TaskSource } from "@sml/tasks"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

import { Progress } from "./Progress.ts"
import { scheduleOf } from "./scheduleOf.ts"
import type { StepRecord } from "./StepRecord.ts"
import { countTokens } from "./StepRecord.ts"
import type { TrainOptions } from "./TrainOptions.ts"
import { VerifierClock } from "./VerifierClock.ts"

/** Keep the random streams of tasks and of dialogues apart from each other and from the rest. */
const taskStream = 0x7a5c
const dialogueStream = 0xd1a1

const secondsSince = (start: number): number => (performance.now() - start) / 1000

/** One GRPO update of the weights. */
const learn = (groups: ReadonlyArray<Group>, step: number, options: TrainOptions) =>
  update(groups, {
    discount: options.discount,
    optimiser: adamW({
      learningRate: learningRateAt(scheduleOf(options), {
        learningRate: options.learningRate,
        step: step - 1,
        steps: options.steps
      }),
      beta1: options.beta1,
      beta2: options.beta2,
      weightDecay: options.weightDecay,
      maxGradNorm: options.clipNorm
    })
  })

/** A step of which nothing came: no dialogue reached an end. */
export class StepFailed extends Schema.TaggedError<StepFailed>()("StepFailed", {
  step: Schema.Int,
  stop: Schema.String,
  reason: Schema.String
}) {
  override get message(): string {
    return this.reason
  }
}

const partyOf: Readonly<Record<string, string>> = {
  "student-failed": "the student",
  "teacher-failed": "the teacher",
  "verifier-failed": "the verifier"
}

/** The failure of a step whose dialogues all failed; a few that fail are part of training. */
const failureOf = (step: number, groups: ReadonlyArray<Group>): StepFailed | undefined => {
  const episodes = groups.flatMap((group) => group.episodes)
  const [first] = episodes
  if (first?.failure === undefined || episodes.some(({ failure }) => failure === undefined)) {
    return undefined
  }
  const party = partyOf[first.stop] ?? "a party"
  return new StepFailed({
    step,
    stop: first.stop,
    reason: `all ${episodes.length} dialogues of step ${step} failed, the first because of ${party}: ${first.failure}`
  })
}

/** Holds the dialogues of a step: `tasks` groups of `group`, all at once. */
const rolloutStep = Effect.fnUntraced(function* (step: number, options: TrainOptions) {
  const progress = yield* Progress
  const source = yield* TaskSource
  const tasks = yield* source.take({
    domain: options.domain,
    split: "train",
    seed: mixSeed(options.seed, step, taskStream),
    count: options.tasks
  })
  let done = 0
  const report = Effect.suspend(() =>
    progress.emit({ _tag: "Detail", text: `dialogues: ${++done}/${tasks.length} tasks finished` })
  )
  return yield* Effect.forEach(
    tasks,
    (task, index) =>
      rolloutGroup(task, {
        size: options.group,
        horizon: options.horizon,
        seed: mixSeed(options.seed, step, index, dialogueStream)
      }).pipe(Effect.tap(report)),
    { concurrency: "unbounded" }
  )
})

/**
 * Runs step `step` (from 1) and hands its record and its groups to `keep`. Ctrl-C ends the dialogues
 * at once; from the update on the step is finished and kept first.
 */
export const trainStep = Effect.fn("trainer.trainStep")(function* <E, R>(
  step: number,
  options: TrainOptions,
  keep: (record: StepRecord, groups: ReadonlyArray<Group>) => Effect.Effect<void, E, R>
) {
  const progress = yield* Progress
  const clock = yield* VerifierClock
  // what the verifier did before is not of this step
  yield* clock.take
  const start = performance.now()
  const groups = yield* rolloutStep(step, options)
  const rollout = secondsSince(start)
  const verification = yield* clock.take
  const failure = failureOf(step, groups)
  if (failure !== undefined) return yield* failure

  const finish = Effect.gen(function* () {
    yield* progress.emit({ _tag: "Detail", text: "gradient" })
    const from = performance.now()
    const updated = yield* learn(groups, step, options)
    const gradient = secondsSince(from)
    const record: StepRecord = {
      step,
      update: updated,
      tokens: countTokens(groups),
      seconds: {
        rollout: Math.max(0, rollout - verification),
        verification,
        gradient,
        total: secondsSince(start)
      }
    }
    yield* keep(record, groups)
    yield* progress.emit({ _tag: "Step", record })
  })
  return yield* Effect.uninterruptible(finish)
})
