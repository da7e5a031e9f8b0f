/** Prompts to sample from. */
import { uniformStream } from "@sml/env-pomdp"

/** `count` prompts of `shortest` to `longest` random tokens. */
export const randomPrompts = (
  vocabularySize: number,
  count: number,
  shortest: number,
  longest: number
): ReadonlyArray<Int32Array> => {
  const uniform = uniformStream(11)
  const draw = (below: number) => Math.floor(uniform() * below)
  return Array.from({ length: count }, () =>
    Int32Array.from({ length: shortest + draw(longest - shortest + 1) }, () => draw(vocabularySize))
  )
}

/** Prompts as JSON. */
export const asLists = (prompts: ReadonlyArray<Int32Array>): ReadonlyArray<ReadonlyArray<number>> =>
  prompts.map((prompt) => Array.from(prompt))
