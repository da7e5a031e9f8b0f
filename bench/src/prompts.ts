/** Prompts to sample from. */
import { uniformStream } from "@sml/env-pomdp"

/** Whole numbers from `least` to `most`, the same for every stream of one seed. */
export const integerStream = (seed: number): ((least: number, most: number) => number) => {
  const uniform = uniformStream(seed)
  return (least, most) => least + Math.floor(uniform() * (most - least + 1))
}

/** `count` prompts of `shortest` to `longest` random tokens. */
export const randomPrompts = (
  vocabularySize: number,
  count: number,
  shortest: number,
  longest: number
): ReadonlyArray<Int32Array> => {
  const draw = integerStream(11)
  return Array.from({ length: count }, () =>
    Int32Array.from({ length: draw(shortest, longest) }, () => draw(0, vocabularySize - 1))
  )
}

/** Prompts as JSON. */
export const asLists = (prompts: ReadonlyArray<Int32Array>): ReadonlyArray<ReadonlyArray<number>> =>
  prompts.map((prompt) => Array.from(prompt))
