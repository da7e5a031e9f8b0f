/** The result of a training run: the same measurements before and after. */
import * as Schema from "effect/Schema"

import { Summary } from "./Summary.ts"

/** Summaries by domain: `{ "math": …, "code": … }`. */
export const DomainSummaries = Schema.Record(Schema.String, Summary)
export type DomainSummaries = typeof DomainSummaries.Type

/**
 * What `--json` writes: `{"before": {"math": {"success@1": {"value", "low", "high", "n"}, …}, "code":
 * …}, "after": …, "seconds": …}`. `seconds` holds how long each named part took.
 */
export const BeforeAfter = Schema.Struct({
  before: DomainSummaries,
  after: DomainSummaries,
  seconds: Schema.Record(Schema.String, Schema.Finite)
})
export type BeforeAfter = typeof BeforeAfter.Type
