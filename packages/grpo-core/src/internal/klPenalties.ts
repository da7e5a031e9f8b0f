/** The KL penalty in the reward. */
import type { Episode, Group } from "@sml/env-pomdp"
import { isFailed } from "@sml/env-pomdp"
import { klTerm } from "@sml/policy"
import * as Effect from "effect/Effect"

import { episodeDatum } from "../episodeDatum.ts"
import { isSilent } from "../groupData.ts"
import type { ReferencePolicy } from "../ReferencePolicy.ts"
import type { RewardKl } from "../UpdateOptions.ts"

/** `coefficient · Σ k` over the sampled tokens of every episode that is scored; 0 of a silent one. */
export const klPenalties = Effect.fnUntraced(function* (
  groups: ReadonlyArray<Group>,
  { coefficient, estimator }: RewardKl,
  reference: ReferencePolicy["Service"]
) {
  const episodes = groups
    .flatMap((group) => group.episodes)
    .filter((episode) => !isFailed(episode) && !isSilent(episode))
  const data = yield* Effect.forEach(episodes, (episode) =>
    Effect.fromResult(episodeDatum(episode, 0))
  )
  const compared = data.length === 0 ? [] : yield* reference.logprobs(data)
  const penalties = new Map<Episode, number>()
  for (const [index, episode] of episodes.entries()) {
    const { logprobs, weights = new Float32Array() } = data[index] ?? {}
    let penalty = 0
    for (const [at, weight] of weights.entries()) {
      if (weight === 0) continue
      const [value] = klTerm(
        estimator,
        logprobs?.[at] ?? Number.NaN,
        compared[index]?.[at] ?? Number.NaN
      )
      penalty += coefficient * value
    }
    penalties.set(episode, penalty)
  }
  return penalties
})
