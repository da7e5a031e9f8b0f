/**
 * One-step arithmetic over a hidden quantity:
 *
 *     a = 4 0 . b = 6 * 2 - 5 . c = a - b . find c .
 *
 * The difficulty lies in `b`, so that being told `b` makes the rest easy: asking has a value. The
 * underspecified form leaves the definition of `b` out: `a = 4 0 . c = a - b . find c .`
 */
import type { Task } from "@sml/env-pomdp"
import * as Schema from "effect/Schema"

import type { Random } from "./Random.ts"
import { randomElement, randomInteger } from "./Random.ts"
import { spellInteger } from "./spellInteger.ts"
import { TaskSourceError } from "./TaskSourceError.ts"

/** What only teacher and verifier know: `answer` = `a op b`. */
export const MathKnowledge = Schema.Struct({
  kind: Schema.Literal("math"),
  answer: Schema.Int,
  a: Schema.Int,
  b: Schema.Int,
  op: Schema.Literals(["+", "-"])
})
export type MathKnowledge = typeof MathKnowledge.Type

const Share = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))

/** How hard the tasks are; every field has a default, see {@link mathDifficulty}. */
export const MathDifficulty = Schema.Struct({
  /** Share of tasks whose `a` is a multiple of ten. */
  multipleOfTenShare: Schema.optionalKey(Share),
  /** Share of tasks that define `b` as `e * g - h`; the others say `e + g` or `e - g`. */
  hardShare: Schema.optionalKey(Share),
  /** Smallest `a` that is not drawn as a multiple of ten; 10..99. */
  minimumA: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 10, maximum: 99 }))),
  /** Largest such `a`; 10..99. */
  maximumA: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 10, maximum: 99 }))),
  /** Largest `b`; 2..9. */
  maximumB: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 2, maximum: 9 }))),
  /** Least number of values of `b` that an underspecified statement allows; 2..9. */
  minimumCompletions: Schema.optionalKey(
    Schema.Int.check(Schema.isBetween({ minimum: 2, maximum: 9 }))
  )
})
export type MathDifficulty = typeof MathDifficulty.Type

/** The defaults: 70 % multiples of ten (10..90), else 11..89; 60 % hard definitions; b in 1..9. */
export const mathDifficulty: Required<MathDifficulty> = {
  multipleOfTenShare: 0.7,
  hardShare: 0.6,
  minimumA: 11,
  maximumA: 89,
  maximumB: 9,
  minimumCompletions: 2
}

/** Difficulty, and whether the statement leaves the definition of `b` out (default: no). */
export interface MathTaskOptions extends MathDifficulty {
  readonly underspecified?: boolean
}

const digits = [1, 2, 3, 4, 5, 6, 7, 8, 9]

const definitions = (forms: ReadonlyArray<(value: number) => ReadonlyArray<string>>) =>
  Array.from({ length: 10 }, (_, value) => forms.flatMap((form) => form(value)))

const sums = (value: number) =>
  digits.flatMap((e) => digits.filter((g) => e + g === value).map((g) => `${e} + ${g}`))
const differences = (value: number) =>
  digits.flatMap((e) => digits.filter((g) => e - g === value).map((g) => `${e} - ${g}`))
const products = (value: number) =>
  digits.slice(1).flatMap((e) =>
    digits
      .slice(1)
      .filter((g) => digits.includes(e * g - value))
      .map((g) => `${e} * ${g} - ${e * g - value}`)
  )

/** Every definition of each value 0..9; all numbers in it are single digits. */
const easyDefinitions = definitions([sums, differences])
const hardDefinitions = definitions([products])

const apply = (a: number, op: "+" | "-", b: number): number => (op === "+" ? a + b : a - b)
const hasTwoDigits = (value: number): boolean => value >= 10 && value <= 99

/** Draws after which the options are called impossible; one in four is usable by default. */
const maximumDraws = 10_000

/**
 * Draws one task. `a`, the operation and `b` are redrawn until `c` has two digits; `b` is uniform
 * before that, so that the statement alone says nothing about a hidden `b`.
 *
 * Throws a {@link TaskSourceError} when no task satisfies the options.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { uniformStream } from "@sml/env-pomdp"
 * import { generateMathTask } from "@sml/tasks"
 *
 * const task = generateMathTask(uniformStream(1))
 * assert.match(task.prompt, /^a = (\d )+\. b = .* \. c = a [+-] b \. find c \.$/)
 *
 * const vague = generateMathTask(uniformStream(1), { underspecified: true })
 * assert.match(vague.prompt, /^a = (\d )+\. c = a [+-] b \. find c \.$/)
 * assert.deepEqual(vague.missing, ["b"])
 * ```
 */
export const generateMathTask = (random: Random, options: MathTaskOptions = {}): Task => {
  const { underspecified = false, ...chosen } = options
  const difficulty = { ...mathDifficulty, ...chosen }
  for (let draw = 0; draw < maximumDraws; draw++) {
    const a =
      random() < difficulty.multipleOfTenShare
        ? 10 * randomInteger(random, 1, 9)
        : randomInteger(random, difficulty.minimumA, difficulty.maximumA)
    const op = randomElement(random, ["+", "-"] as const)
    const b = randomInteger(random, 1, difficulty.maximumB)
    const hard = random() < difficulty.hardShare
    const definition = randomElement(random, (hard ? hardDefinitions : easyDefinitions)[b] ?? [])
    const answer = apply(a, op, b)
    if (!hasTwoDigits(answer)) continue
    const knowledge: MathKnowledge = { kind: "math", answer, a, b, op }
    const parts = [`a = ${spellInteger(a)} .`, `c = a ${op} b .`, "find c ."]
    if (!underspecified) {
      parts.splice(1, 0, `b = ${definition} .`)
      const prompt = parts.join(" ")
      return { id: `math:${compact(prompt)}`, domain: "math", prompt, knowledge, missing: [] }
    }
    const completions = digits.filter(
      (value) => value <= difficulty.maximumB && hasTwoDigits(apply(a, op, value))
    )
    if (completions.length < difficulty.minimumCompletions) continue
    const prompt = parts.join(" ")
    return {
      id: `math:${compact(prompt)}b=${b}`,
      domain: "math",
      prompt,
      knowledge,
      missing: ["b"]
    }
  }
  throw new TaskSourceError({
    reason: `No math task fits minimumA ${difficulty.minimumA}, maximumA ${difficulty.maximumA}, maximumB ${difficulty.maximumB} and minimumCompletions ${difficulty.minimumCompletions}; widen the ranges.`
  })
}

const compact = (statement: string): string => statement.replaceAll(" ", "")
