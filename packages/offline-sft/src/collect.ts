/** Dialogues of the current student. */
import type { Task } from "@sml/env-pomdp"
import { mixSeed, rolloutGroup } from "@sml/env-pomdp"
import { decodeOptions } from "@sml/policy"
import * as Effect from "effect/Effect"

import { CollectOptions } from "./CollectOptions.ts"

/**
 * Rolls out `samplesPerTask` dialogues about every task, successful or not, in the order of the
 * tasks. A dialogue that a party broke off is among them and says so.
 */
export const collect = Effect.fn("offline-sft.collect")(function* (
  tasks: ReadonlyArray<Task>,
  options: typeof CollectOptions.Encoded = {}
) {
  const settings = yield* decodeOptions("offline-sft.collect", CollectOptions, options)
  const { concurrency, horizon, samplesPerTask, seed } = settings
  const groups = yield* Effect.forEach(
    tasks,
    (task, index) =>
      rolloutGroup(task, { size: samplesPerTask, horizon, seed: mixSeed(seed, index, 5) }),
    { concurrency }
  )
  return groups.flatMap(({ episodes }) => episodes)
})
