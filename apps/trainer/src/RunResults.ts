/** What a training run writes into its folder as `results.json`. */
import { BeforeAfter } from "@sml/eval-harness"
import * as Schema from "effect/Schema"

/** The before/after table, and the most resident memory in bytes. */
export const RunResults = Schema.Struct({ ...BeforeAfter.fields, memory: Schema.Finite })
export type RunResults = typeof RunResults.Type
