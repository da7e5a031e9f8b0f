/**
 * A linear function to be found from two of its values:
 *
 *     write f ( x ) = x * k + m . f ( 1 ) = 1 0 . f ( 3 ) = 2 8 .
 *
 * The reference answer is JavaScript, `x => x * 9 + 1`. The underspecified form gives one value, so
 * that several pairs (k, m) remain.
 */
import type { Task } from "@sml/env-pomdp"
import * as Schema from "effect/Schema"

import type { Random } from "./Random.ts"
import { randomInteger } from "./Random.ts"
import { spellInteger } from "./spellInteger.ts"
import { TaskSourceError } from "./TaskSourceError.ts"

/**
 * What only teacher and verifier know. `reference`: a right program, an arrow function; `entry`: the
 * name under which a program may also declare its function; `hiddenInputs`: the integers on which a
 * program must agree with the reference.
 */
export const CodeKnowledge = Schema.Struct({
  kind: Schema.Literal("code"),
  reference: Schema.NonEmptyString,
  k: Schema.Int,
  m: Schema.Int,
  op: Schema.Literals(["+", "-"]),
  hiddenInputs: Schema.Array(Schema.Int),
  entry: Schema.NonEmptyString
})
export type CodeKnowledge = typeof CodeKnowledge.Type

/** The inputs on which programs are judged. */
export const hiddenInputs: ReadonlyArray<number> = [0, 1, 2, 3, 5, 8, 11]

/** How hard the tasks are; every field has a default, see {@link codeDifficulty}. */
export const CodeDifficulty = Schema.Struct({
  /** Largest factor `k`; 2..9. */
  maximumK: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 2, maximum: 9 }))),
  /** Largest constant `m`; 1..9. */
  maximumM: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 9 }))),
  /** Share of tasks with `- m`. */
  subtractShare: Schema.optionalKey(
    Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))
  ),
  /** Smallest input of the given values; 0..8. Underspecified tasks never show f ( 0 ). */
  minimumInput: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 8 }))),
  /** Largest input of the given values; 1..9. */
  maximumInput: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 9 }))),
  /** Least number of pairs (k, m) that an underspecified statement allows; 2..9. */
  minimumCompletions: Schema.optionalKey(
    Schema.Int.check(Schema.isBetween({ minimum: 2, maximum: 9 }))
  )
})
export type CodeDifficulty = typeof CodeDifficulty.Type

/** The defaults: k in 1..9, m in 0..9, half of the tasks subtract, inputs 0..6. */
export const codeDifficulty: Required<CodeDifficulty> = {
  maximumK: 9,
  maximumM: 9,
  subtractShare: 0.5,
  minimumInput: 0,
  maximumInput: 6,
  minimumCompletions: 2
}

/** Difficulty, and whether only one value of `f` is given (default: no, two). */
export interface CodeTaskOptions extends CodeDifficulty {
  readonly underspecified?: boolean
}

const valueAt = (x: number, k: number, op: "+" | "-", m: number): number =>
  op === "+" ? x * k + m : x * k - m

/** Draws after which the options are called impossible. */
const maximumDraws = 10_000

/**
 * Draws one task. The given inputs are distinct and ascending. An underspecified statement shows no
 * `f ( 0 )`, which would be `m` itself, and is redrawn until at least `minimumCompletions` pairs
 * (k, m) in range agree with it; its missing piece is `k`, as `m` follows from `k` and the value.
 *
 * Throws a {@link TaskSourceError} when no task satisfies the options.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { uniformStream } from "@sml/env-pomdp"
 * import { generateCodeTask } from "@sml/tasks"
 *
 * const task = generateCodeTask(uniformStream(1))
 * assert.match(task.prompt, /^write f \( x \) = x \* k [+-] m \.( f \( \d \) = [- \d]+\.){2}$/)
 *
 * const vague = generateCodeTask(uniformStream(1), { underspecified: true })
 * assert.match(vague.prompt, /^write f \( x \) = x \* k [+-] m \.( f \( \d \) = [- \d]+\.){1}$/)
 * assert.deepEqual(vague.missing, ["k"])
 * ```
 */
export const generateCodeTask = (random: Random, options: CodeTaskOptions = {}): Task => {
  const { underspecified = false, ...chosen } = options
  const difficulty = { ...codeDifficulty, ...chosen }
  const { maximumInput, maximumK, maximumM, minimumCompletions } = difficulty
  const minimumInput = underspecified
    ? Math.max(1, difficulty.minimumInput)
    : difficulty.minimumInput
  if (maximumInput - minimumInput < (underspecified ? 0 : 1)) {
    throw new TaskSourceError({
      reason: `A code task cannot show its values at inputs ${minimumInput}..${maximumInput}; raise maximumInput or lower minimumInput.`
    })
  }
  for (let draw = 0; draw < maximumDraws; draw++) {
    const k = randomInteger(random, 1, maximumK)
    const m = randomInteger(random, 0, maximumM)
    const op = random() < difficulty.subtractShare ? "-" : "+"
    const first = randomInteger(random, minimumInput, maximumInput)
    const inputs = [first]
    if (underspecified) {
      if (completions(first, k, op, m, maximumK, maximumM) < minimumCompletions) continue
    } else {
      // uniform over the other inputs: skip over the first one
      const other = randomInteger(random, minimumInput, maximumInput - 1)
      inputs.push(other < first ? other : other + 1)
      inputs.sort((left, right) => left - right)
    }
    const prompt = [
      `write f ( x ) = x * k ${op} m .`,
      ...inputs.map((x) => `f ( ${spellInteger(x)} ) = ${spellInteger(valueAt(x, k, op, m))} .`)
    ].join(" ")
    const knowledge: CodeKnowledge = {
      kind: "code",
      reference: `x => x * ${k} ${op} ${m}`,
      k,
      m,
      op,
      hiddenInputs: [...hiddenInputs],
      entry: "f"
    }
    const id = `code:${prompt.replaceAll(" ", "")}${underspecified ? `k=${k}` : ""}`
    return { id, domain: "code", prompt, knowledge, missing: underspecified ? ["k"] : [] }
  }
  throw new TaskSourceError({
    reason: `No code task fits maximumK ${maximumK}, maximumM ${maximumM} and minimumCompletions ${minimumCompletions} at inputs ${minimumInput}..${maximumInput}; widen the ranges.`
  })
}

/** How many pairs (k, m) in range have the same value at `x`. */
const completions = (
  x: number,
  k: number,
  op: "+" | "-",
  m: number,
  maximumK: number,
  maximumM: number
): number => {
  const value = valueAt(x, k, op, m)
  let count = 0
  for (let otherK = 1; otherK <= maximumK; otherK++) {
    const otherM = op === "+" ? value - x * otherK : x * otherK - value
    if (otherM >= 0 && otherM <= maximumM) count++
  }
  return count
}
