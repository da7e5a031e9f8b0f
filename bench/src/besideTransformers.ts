/** Ours beside a script that generates with transformers, once both say the same. */
import type { Sampler } from "@sml/policy"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

import type { Setting } from "./Bench.ts"
import { asBenchError } from "./engine.ts"
import type { BenchModel } from "./models.ts"
import { asLists } from "./prompts.ts"
import { answeredNumber, disqualified, openCandidate, sideBySide } from "./sideBySide.ts"
import { secondsOf } from "./stopwatch.ts"

/** As the tables name it. */
export const transformers = "transformers"

/** Prompts whose greedy continuations must be equal before anything is timed, and their length. */
const greedyPrompts = 4
const greedyTokens = 8

const decodeGreedy = Schema.decodeUnknownResult(
  Schema.Struct({ greedy: Schema.Array(Schema.Array(Schema.Int)) })
)

/**
 * What both sides generate with.
 *
 * - `prompts`: the first four are continued greedily by both.
 * - `work`: what the script is told beyond model, threads and these prompts.
 */
export interface Generators {
  readonly model: BenchModel
  readonly sampler: Sampler["Service"]
  readonly script: string
  readonly prompts: ReadonlyArray<Int32Array>
  readonly work: Readonly<Record<string, Schema.Json>>
}

/** Starts the script; one whose greedy text is not ours is disqualified. */
const openTransformers = Effect.fnUntraced(function* (
  setting: Setting,
  { model, prompts, sampler, script, work }: Generators
) {
  const first = prompts.slice(0, greedyPrompts)
  const greedy = yield* Effect.forEach(
    first,
    (tokens) =>
      Effect.map(
        sampler.generate({ tokens, maxTokens: greedyTokens, temperature: 0, stop: [], seed: 0 }),
        ({ ids }) => [...ids]
      ),
    { concurrency: "unbounded" }
  )
  const opened = yield* openCandidate(setting, {
    name: transformers,
    script,
    job: {
      ...work,
      checkpoint: model.folder,
      threads: setting.threads,
      greedyPrompts: asLists(first),
      greedyTokens
    },
    deadline: "5 minutes"
  })
  if (Result.isFailure(opened.peer)) return opened
  const answered = decodeGreedy(opened.peer.success.ready)
  const agrees =
    Result.isSuccess(answered) && JSON.stringify(answered.success.greedy) === JSON.stringify(greedy)
  return agrees ? opened : disqualified(opened, "its greedy text is not ours")
})

/**
 * New tokens a second of either side, in turns, after one untimed rollout of ours. A rollout, and a
 * request to the script, samples `tokens` of them.
 */
export const besideTransformers = Effect.fn("bench.besideTransformers")(function* <
  E extends { readonly message: string }
>(
  setting: Setting,
  generators: Generators,
  measured: {
    readonly rollout: Effect.Effect<unknown, E>
    readonly tokens: number
    readonly repetitions: number
  }
) {
  const { repetitions, rollout, tokens } = measured
  const candidate = yield* openTransformers(setting, generators)
  yield* rollout
  const rate = (seconds: number) => tokens / seconds
  return yield* sideBySide({
    ours: Effect.mapError(Effect.map(secondsOf(rollout), rate), asBenchError),
    candidates: [candidate],
    theirs: (peer) =>
      peer.ask({}).pipe(
        Effect.flatMap((answer) => answeredNumber(peer.name, answer, "seconds")),
        Effect.map(rate)
      ),
    repetitions: setting.quick ? 1 : repetitions
  })
})
