/** One step of training: dialogues, then an update of the weights. */
import type { Episode, Group, Task } from "@sml/env-pomdp"
import { mixSeed, rolloutGroup, studentTurns } from "@sml/env-pomdp"
import { replaceGroups, update } from "@sml/grpo-core"
import { adamW, learningRateAt } from "@sml/policy"
import { TaskSource } from "@sml/tasks"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

import { Progress } from "./Progress.ts"
import { scheduleOf } from "./scheduleOf.ts"
import type { StepRecord } from "./StepRecord.ts"
import { countTokens } from "./StepRecord.ts"
import type { TrainOptions } from "./TrainOptions.ts"
import { updateOptionsOf } from "./updateOptionsOf.ts"
import { VerifierClock } from "./VerifierClock.ts"

/** Keep the random streams of tasks and of dialogues apart from each other and from the rest. */
const taskStream = 0x7a5c
const dialogueStream = 0xd1a1
const replacementStream = 0x4e91

const secondsSince = (start: number): number => (performance.now() - start) / 1000

/** One GRPO update of the weights. */
const learn = (groups: ReadonlyArray<Group>, step: number, options: TrainOptions) =>
  update(groups, {
    ...updateOptionsOf(options),
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

/** A step in which a party never answered. */
export class StepFailed extends Schema.TaggedError<StepFailed>()("StepFailed", {
  step: Schema.Int,
  party: Schema.Literals(["student", "teacher", "verifier"]),
  reason: Schema.String
}) {
  override get message(): string {
    return this.reason
  }
}

const teacherTurns = ({ state }: Episode): number =>
  state.history.filter(({ role }) => role === "teacher").length

/** How an episode shows that a party has failed, and how many answers of it an episode has. */
const parties = [
  {
    party: "student",
    stop: "student-failed",
    answers: (episode: Episode) => studentTurns(episode).length
  },
  {
    party: "verifier",
    stop: "verifier-failed",
    answers: ({ state }: Episode) => state.verdicts.length
  },
  // the first turn is the task
  { party: "teacher", stop: "teacher-failed", answers: (e: Episode) => teacherTurns(e) - 1 }
] as const

/**
 * The failure of a step in which a party was asked and never answered: it is down. One that fails now
 * and then is part of training: those dialogues are not learnt from.
 */
const failureOf = (step: number, groups: ReadonlyArray<Group>): StepFailed | undefined => {
  const episodes = groups.flatMap((group) => group.episodes)
  for (const { answers, party, stop } of parties) {
    const failed = episodes.filter((episode) => episode.stop === stop)
    const [first] = failed
    if (first === undefined || episodes.some((episode) => answers(episode) > 0)) continue
    const reason = `the ${party} failed in ${failed.length} of the ${episodes.length} dialogues of step ${step} and answered in none: ${first.failure ?? stop}`
    return new StepFailed({ step, party, reason })
  }
  return undefined
}

/**
 * Holds the dialogues of a step: `tasks` groups of `group`, all at once, and those that take the place of
 * groups that teach nothing.
 */
const rolloutStep = Effect.fnUntraced(function* (step: number, options: TrainOptions) {
  const progress = yield* Progress
  const source = yield* TaskSource
  const take = (seed: number, count: number) =>
    source.take({ domain: options.domain, split: "train", seed, count })
  let begun = 0
  let done = 0
  const report = Effect.suspend(() =>
    progress.emit({ _tag: "Detail", text: `dialogues: ${++done}/${begun} tasks finished` })
  )
  const roll = (tasks: ReadonlyArray<Task>, first: number) => {
    begun += tasks.length
    return Effect.forEach(
      tasks,
      (task, index) =>
        rolloutGroup(task, {
          size: options.group,
          horizon: options.horizon,
          seed: mixSeed(options.seed, step, first + index, dialogueStream)
        }).pipe(Effect.tap(report)),
      { concurrency: "unbounded" }
    )
  }
  const seed = mixSeed(options.seed, step, taskStream)
  const groups = yield* roll(yield* take(seed, options.tasks), 0)
  const { groups: all } = yield* replaceGroups(groups, {
    roll,
    fresh: (round, count) => take(mixSeed(seed, round, replacementStream), count),
    ...updateOptionsOf(options),
    replacements: options.replacements
  })
  return all
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
