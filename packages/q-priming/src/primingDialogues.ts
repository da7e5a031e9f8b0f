/** Successful dialogues in which wrong turns have become questions. */
import type { Episode, Task } from "@sml/env-pomdp"
import { isFailed, mixSeed, rolloutGroup } from "@sml/env-pomdp"
import { decodeOptions } from "@sml/policy"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

import {
  type InjectionCounts,
  questionInjection,
  QuestionInjectionOptions,
  type QuestionInjectionTools
} from "./questionInjection.ts"

const atLeastOne = Schema.Int.pipe(Schema.check(Schema.isGreaterThanOrEqualTo(1)))

/**
 * Besides those of {@link QuestionInjectionOptions}:
 *
 * - `samplesPerTask`: dialogues about each task; `horizon`: largest number of student turns.
 * - `seed`: source of every random choice.
 * - `concurrency`: tasks whose dialogues run at the same time.
 */
export const PrimingOptions = Schema.Struct({
  ...QuestionInjectionOptions.fields,
  samplesPerTask: atLeastOne.pipe(Schema.withDecodingDefaultKey(Effect.succeed(8))),
  horizon: atLeastOne.pipe(Schema.withDecodingDefaultKey(Effect.succeed(4))),
  seed: Schema.Int.pipe(Schema.withDecodingDefaultKey(Effect.succeed(0))),
  concurrency: atLeastOne.pipe(Schema.withDecodingDefaultKey(Effect.succeed(32)))
})
export type PrimingOptions = typeof PrimingOptions.Type

/** Besides those of {@link QuestionInjectionTools}: */
export interface PrimingTools extends QuestionInjectionTools {
  /**
   * Which dialogues are imitated, of those that no party broke off; default: the successful ones, as in
   * the paper.
   */
  readonly keep?: (episode: Episode) => boolean
}

/** What question priming rolled out. */
export interface PrimingDialogues {
  /** The ones to be imitated. */
  readonly dialogues: ReadonlyArray<Episode>
  readonly counts: {
    readonly episodes: number
    readonly failed: number
    readonly successes: number
    readonly kept: number
    readonly injections: InjectionCounts
  }
}

const isSuccess = ({ reward }: Episode): boolean => reward === 1

/**
 * Rolls out dialogues with question injection and keeps those that end in success
 * (arXiv:2602.16488, Q-priming). Fine-tune the student on them, then train it with GRPO.
 */
export const primingDialogues = Effect.fn("q-priming.primingDialogues")(function* (
  tasks: ReadonlyArray<Task>,
  options: typeof PrimingOptions.Encoded = {},
  tools: PrimingTools = {}
) {
  const settings = yield* decodeOptions("q-priming.primingDialogues", PrimingOptions, options)
  const { concurrency, horizon, samplesPerTask, seed } = settings
  const { decay, firstExponent } = options
  const schedule = {
    ...(decay !== undefined && { decay }),
    ...(firstExponent !== undefined && { firstExponent })
  }
  const { counts, revise } = yield* questionInjection(schedule, tools)
  const groups = yield* Effect.forEach(
    tasks,
    (task, index) =>
      rolloutGroup(task, {
        size: samplesPerTask,
        horizon,
        seed: mixSeed(seed, index, 9),
        revise
      }),
    { concurrency }
  )
  const episodes = groups.flatMap((group) => group.episodes)
  const { keep = isSuccess } = tools
  const dialogues = episodes.filter((episode) => !isFailed(episode) && keep(episode))
  const report: PrimingDialogues = {
    dialogues,
    counts: {
      episodes: episodes.length,
      failed: episodes.filter(isFailed).length,
      successes: episodes.filter(isSuccess).length,
      kept: dialogues.length,
      injections: yield* counts
    }
  }
  return report
})

/**
 * {@link primingDialogues}, given to `learn`: any supervised learning on dialogues, such as
 * `fineTune` of `@sml/offline-sft`. Returns what it returns, and what was learnt from.
 */
export const prime = Effect.fn("q-priming.prime")(function* <A, E, R>(
  tasks: ReadonlyArray<Task>,
  learn: (dialogues: ReadonlyArray<Episode>) => Effect.Effect<A, E, R>,
  options: typeof PrimingOptions.Encoded = {},
  tools: PrimingTools = {}
) {
  const priming = yield* primingDialogues(tasks, options, tools)
  return { ...priming, learnt: yield* learn(priming.dialogues) }
})
