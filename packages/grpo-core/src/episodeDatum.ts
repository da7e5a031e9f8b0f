/** One episode as training data. */
import type { Episode, MissingTrace } from "@sml/env-pomdp"
import { episodeTraces } from "@sml/env-pomdp"
import type { Datum, DatumError } from "@sml/policy"
import { streamDatum } from "@sml/policy"
import * as Result from "effect/Result"

/**
 * The token stream of an episode with weight 1 on what the student sampled and 0 on everything else;
 * its sampled tokens carry `advantage` and the log-probabilities of sampling (entry `i` belongs to
 * `tokens[i + 1]`). Nothing is tokenised: the ids are those of the recorded traces.
 *
 * Fails with `MissingTrace` when a turn was recorded without its tokens, and with `DatumError` when
 * the student never said anything.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { type Episode, reset } from "@sml/env-pomdp"
 * import { episodeDatum } from "@sml/grpo-core"
 * import { Result } from "effect"
 *
 * const task = { id: "1+1", domain: "math", prompt: "1 + 1 ?", knowledge: 2, missing: [] }
 * const { history, ...state } = reset(task, { horizon: 4 })
 * const trace = { context: [5, 3, 5], ids: [7], logprobs: [-0.5] }
 * const episode: Episode = {
 *   state: { ...state, history: [...history, { role: "student", text: "2", trace }] },
 *   stop: "correct",
 *   reward: 1
 * }
 * const datum = Result.getOrThrow(episodeDatum(episode, 1.5))
 * assert.deepEqual([...datum.tokens], [5, 3, 5, 7])
 * assert.deepEqual([...(datum.advantages ?? [])], [0, 0, 1.5])
 * ```
 */
export const episodeDatum = (
  episode: Episode,
  advantage: number
): Result.Result<Datum, MissingTrace | DatumError> =>
  Result.flatMap(episodeTraces(episode), (traces) =>
    streamDatum(traces, { advantage, label: episode.state.episode })
  )
