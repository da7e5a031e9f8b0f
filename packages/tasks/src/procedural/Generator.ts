/** What the catalogue says about a generator. */
import * as Schema from "effect/Schema"

/** What a generator's problems are about. */
export const Topic = Schema.Literals([
  "arithmetic",
  "algebra",
  "number theory",
  "logic",
  "algorithms",
  "strings",
  "code"
])
export type Topic = typeof Topic.Type

/**
 * - `judge`: `"number"`: the answer is one number (knowledge `"math-answer"`, domain `math`);
 *   `"own"`: the generator judges (knowledge `"generated"`, domain `puzzle`); `"program"`: the answer
 *   is a program, judged by running it (knowledge `"program"`, domain `code`).
 *
 * Every generator takes a difficulty of 1..10.
 */
export interface Generator {
  readonly name: string
  readonly topic: Topic
  readonly description: string
  readonly judge: "number" | "own" | "program"
}
