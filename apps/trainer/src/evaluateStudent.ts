/** The student as it is, on held-out tasks: every domain under every kind of feedback. */
import type { Episode, Task } from "@sml/env-pomdp"
import { mixSeed } from "@sml/env-pomdp"
import type { DomainSummaries } from "@sml/eval-harness"
import { evaluate, heldOutTasks, informative, summariseConditions } from "@sml/eval-harness"
import { compactEpisode } from "@sml/run-store"
import { TaskSource } from "@sml/tasks"
import { NanoTeacher } from "@sml/teacher-verifiers/nano"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

import { Progress } from "./Progress.ts"
import type { TrainOptions } from "./TrainOptions.ts"
import type { Part } from "./ViewState.ts"

/** The domains that are measured, whichever is trained. */
export const evaluatedDomains = ["math", "code"] as const
type Domain = (typeof evaluatedDomains)[number]

/** Keeps the tasks of an evaluation apart from those of training. */
const evaluationStream = 0xe7a1

/**
 * How the teacher behaves in an evaluation. The controls are the same for everybody: `content-free`
 * only says that an attempt is wrong; the strict one does not answer questions either.
 */
const controls = ["content-free", "strict-content-free"] as const

/** The episodes by condition, in the order in which they are shown. */
export type Conditions = Readonly<Record<string, ReadonlyArray<Episode>>>

/** What an evaluation gives. */
export interface Evaluation {
  readonly summaries: DomainSummaries
  readonly episodes: Readonly<Record<Domain, Conditions>>
  readonly seconds: number
}

type EvaluationOptions = Pick<TrainOptions, "evalTasks" | "evalHorizon" | "underspecified" | "seed">

/** Dialogues of one domain. */
const dialoguesPerDomain = (options: EvaluationOptions): number =>
  options.evalTasks * (1 + controls.length + (options.underspecified ? 1 : 0))

const partName = (when: string, domain: Domain) => `${when}: ${domain}`

/** Seconds per dialogue before any has been measured. */
const GUESS = 0.012

/** The parts of the plan that an evaluation is; `when` names it. */
export const evaluationParts = (when: string, options: EvaluationOptions): ReadonlyArray<Part> =>
  evaluatedDomains.map((domain) => ({
    name: partName(when, domain),
    kind: "dialogues",
    total: dialoguesPerDomain(options),
    guess: GUESS
  }))

const evaluateDomain = Effect.fnUntraced(function* (
  when: string,
  domain: Domain,
  options: EvaluationOptions
) {
  const progress = yield* Progress
  const seed = mixSeed(options.seed, evaluationStream)
  const request = { domain, seed, count: options.evalTasks }
  const full = yield* heldOutTasks(request)
  let done = 0
  const measure = (tasks: ReadonlyArray<Task>, condition: string) =>
    progress.emit({ _tag: "Detail", text: condition }).pipe(
      Effect.andThen(
        evaluate(tasks, {
          horizon: options.evalHorizon,
          seed,
          condition,
          onProgress: () => progress.emit({ _tag: "Advance", done: ++done })
        })
      ),
      // thousands of token traces would be a good part of the memory
      Effect.map((episodes) => episodes.map(compactEpisode))
    )

  yield* progress.emit({ _tag: "Begin", name: partName(when, domain) })
  const conditions: Record<string, ReadonlyArray<Episode>> = {}
  conditions[informative] = yield* measure(full, informative)
  for (const level of controls) {
    conditions[level] = yield* measure(full, level).pipe(
      Effect.provide(NanoTeacher.layer({ level }))
    )
  }
  if (options.underspecified) {
    // there are fewer different ones of these than are asked for, so tasks come more than once
    const partial = yield* (yield* TaskSource).take({
      ...request,
      split: "test",
      underspecified: true
    })
    conditions["underspecified"] = yield* measure(partial, "underspecified")
  }
  return conditions
})

/**
 * Holds one dialogue per task and condition. The seeds depend on the options and the tasks alone: the
 * same call before and after training meets the same tasks with the same luck.
 */
export const evaluateStudent = Effect.fn("trainer.evaluateStudent")(function* (
  when: string,
  options: EvaluationOptions
) {
  const start = yield* Clock.currentTimeMillis
  const math = yield* evaluateDomain(when, "math", options)
  const code = yield* evaluateDomain(when, "code", options)
  const evaluation: Evaluation = {
    episodes: { math, code },
    summaries: { math: summariseConditions(math), code: summariseConditions(code) },
    seconds: ((yield* Clock.currentTimeMillis) - start) / 1000
  }
  return evaluation
})
