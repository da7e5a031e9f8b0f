/** Seeded streams of generated tasks. */
import { createHash } from "node:crypto"

import type { Task } from "@sml/env-pomdp"
import { mixSeed, textSeed, uniformStream } from "@sml/env-pomdp"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

import { Split, splitOf } from "../Split.ts"
import { TaskSourceError } from "../TaskSourceError.ts"
import type { GeneratedProblem } from "./GeneratedKnowledge.ts"
import { generatorOf } from "./internal/catalogue.ts"
import type { DefinedGenerator } from "./internal/defineGenerator.ts"

/**
 * - `size`: number of tasks; default 1. A longer list begins with the shorter one.
 * - `seed`: unsigned 32-bit integer; equal requests give equal tasks.
 * - `difficulty`: 1..10; default 1. Problems of a higher one are not smaller on average.
 * - `split`: default `train`; no task of the one split is a task of the other, whatever the seed and
 *   the difficulty.
 */
export const CreateOptions = Schema.Struct({
  size: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_000_000 }))),
  seed: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 0xffffffff })),
  difficulty: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 10 }))),
  split: Schema.optionalKey(Split)
})
export type CreateOptions = typeof CreateOptions.Type

const decodeOptions = Schema.decodeUnknownResult(CreateOptions, { onExcessProperty: "error" })

/** Draws after which a split is called empty; one draw in seven is a test problem. */
const maximumDraws = 10_000

/**
 * Tasks of one generator of the catalogue, drawn with replacement. Their `id` is a hash of the
 * statement. Their knowledge has the fields of `GeneratedProblem` besides what its `kind` asks for.
 *
 * Throws a {@link TaskSourceError} for an unknown name or wrong options.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { createTasks, verifyAnswer } from "@sml/tasks/procedural"
 *
 * for (const task of createTasks("prime-factor", { seed: 1, difficulty: 2, split: "test" })) {
 *   assert.ok(task.prompt.startsWith("Find any prime factor of 4031."))
 *   assert.equal(verifyAnswer(task, "4031 = 29 * 139.\nAnswer: 139"), true)
 *   assert.equal(verifyAnswer(task, "Answer: 24"), false)
 * }
 * ```
 */
export const createTasks = (name: string, options: CreateOptions): ReadonlyArray<Task> => {
  const generator = generatorOf(name)
  const decoded = decodeOptions(options)
  if (Result.isFailure(decoded)) {
    const problem = decoded.failure.message
    throw new TaskSourceError({ reason: `The options for ${name} cannot be used: ${problem}` })
  }
  const { difficulty = 1, seed, size = 1, split = "train" } = decoded.success
  const stream = textSeed(`${name}/${split}/${difficulty}`)
  // a stream of its own for every index: lists of different length share their beginning
  return Array.from({ length: size }, (_, index) =>
    drawTask(generator, uniformStream(mixSeed(seed, stream, index)), difficulty, split)
  )
}

const drawTask = (
  generator: DefinedGenerator,
  random: () => number,
  difficulty: number,
  split: Split
): Task => {
  const { hints, name } = generator
  for (let draw = 0; draw < maximumDraws; draw++) {
    const { canonical, domain, instance, knowledge, prompt, size } = generator.draw(
      random,
      difficulty
    )
    if (splitOf(canonical) !== split) continue
    const problem: GeneratedProblem = { generator: name, difficulty, size, instance, hints }
    const hash = createHash("sha256").update(prompt).digest("hex").slice(0, 16)
    return {
      id: `${name}:${hash}`,
      domain,
      prompt,
      knowledge: { ...knowledge, ...problem },
      missing: []
    }
  }
  throw new TaskSourceError({
    reason: `No ${name} task of difficulty ${difficulty} is in the ${split} split; choose another difficulty.`
  })
}
