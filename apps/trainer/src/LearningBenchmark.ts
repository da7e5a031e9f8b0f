/** Training runs with several seeds, as one result. */
import { BeforeAfter } from "@sml/eval-harness"
import * as Schema from "effect/Schema"

import { Claim } from "./learningClaims.ts"

/** One run: its seed, its results, the claims checked on it, the most memory in bytes. */
export const SeedResult = Schema.Struct({
  seed: Schema.Int,
  results: BeforeAfter,
  claims: Schema.Array(Claim),
  memory: Schema.Finite
})
export type SeedResult = typeof SeedResult.Type

/** What `docs/results/learning.json` holds. */
export const LearningBenchmark = Schema.Struct({
  machine: Schema.String,
  node: Schema.String,
  config: Schema.Record(Schema.String, Schema.Json),
  seeds: Schema.Array(SeedResult)
})
export type LearningBenchmark = typeof LearningBenchmark.Type
