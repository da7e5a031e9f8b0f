/** The check that the learner trains the policy that spoke. */
import type { Episode } from "@sml/env-pomdp"
import { episodeTraces } from "@sml/env-pomdp"
import type { Datum } from "@sml/policy"
import { streamPosition } from "@sml/policy"
import * as Result from "effect/Result"

import { LogprobMismatch } from "./LogprobMismatch.ts"

/** How learner and sampler differ over the trained tokens, in nats. */
export interface LogprobComparison {
  readonly max: number
  readonly mean: number
  /** Index of the datum and of the target where the difference is largest. */
  readonly worst: { readonly datum: number; readonly target: number }
}

/** Compares the learner's log-probabilities with those of sampling, on every trained token. */
export const compareLogprobs = (
  data: ReadonlyArray<Datum>,
  logprobs: ReadonlyArray<ArrayLike<number>>
): LogprobComparison => {
  let max = 0
  let total = 0
  let count = 0
  let worst = { datum: 0, target: 0 }
  for (const [index, { logprobs: sampled, weights }] of data.entries()) {
    const learned = logprobs[index]
    for (const [target, weight] of weights.entries()) {
      if (weight === 0) continue
      const raw = Math.abs((learned?.[target] ?? Number.NaN) - (sampled?.[target] ?? Number.NaN))
      // a missing or undefined log-probability is the worst of all
      const difference = Number.isNaN(raw) ? Infinity : raw
      count += 1
      total += difference
      if (difference > max) {
        max = difference
        worst = { datum: index, target }
      }
    }
  }
  return { max, mean: count === 0 ? 0 : total / count, worst }
}

/** The comparison, or an error that names the worst token if its difference exceeds `tolerance`. */
export const verifyLogprobs = (
  data: ReadonlyArray<Datum>,
  episodes: ReadonlyArray<Episode>,
  logprobs: ReadonlyArray<ArrayLike<number>>,
  tolerance: number
): Result.Result<LogprobComparison, LogprobMismatch> => {
  const comparison = compareLogprobs(data, logprobs)
  if (comparison.max <= tolerance) return Result.succeed(comparison)
  const { datum, target } = comparison.worst
  const episode = episodes[datum]
  const traces = episode === undefined ? [] : Result.getOrElse(episodeTraces(episode), () => [])
  const position = streamPosition(traces, target)
  return Result.fail(
    new LogprobMismatch({
      episode: episode?.state.episode ?? `${datum}`,
      turn: (position?.piece ?? 0) + 1,
      token: (position?.token ?? 0) + 1,
      sampled: data[datum]?.logprobs?.[target] ?? Number.NaN,
      learned: logprobs[datum]?.[target] ?? Number.NaN,
      tolerance
    })
  )
}
