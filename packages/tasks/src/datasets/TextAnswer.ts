/** Questions whose answer is a name or a few words. */
import * as Schema from "effect/Schema"

/** What only teacher and verifier know: the answer, to be compared by {@link isSameText}. */
export const TextAnswerKnowledge = Schema.Struct({
  kind: Schema.Literal("text-answer"),
  answer: Schema.NonEmptyString
})
export type TextAnswerKnowledge = typeof TextAnswerKnowledge.Type

const normal = (text: string): string =>
  text
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll(/[\p{P}\p{S}]/gu, "")
    .replaceAll(/\b(?:a|an|the)\b/g, " ")
    .trim()
    .split(/\s+/)
    .join(" ")

/**
 * Whether two texts are the same but for case, punctuation, articles and blanks: the "exact match" of
 * SQuAD (Rajpurkar et al. 2016).
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { isSameText } from "@sml/tasks/datasets"
 *
 * assert.ok(isSameText("World's Best Goalkeeper", "the worlds best goalkeeper."))
 * assert.ok(!isSameText("1962", "1963"))
 * ```
 */
export const isSameText = (left: string, right: string): boolean => normal(left) === normal(right)
