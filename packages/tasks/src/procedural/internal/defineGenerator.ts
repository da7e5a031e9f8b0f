/** From the description of one kind of problem to an entry of the catalogue. */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

import type { Random } from "../../Random.ts"
import type { Generator, Topic } from "../Generator.ts"
import { equals, parseFraction } from "./Fraction.ts"

/** The knowledge of a program that must give the right values, without what is common to all. */
interface ProgramGoal {
  readonly language: "python" | "javascript"
  readonly calls: ReadonlyArray<{
    readonly fn: string
    readonly args: ReadonlyArray<Schema.Json>
    readonly expected: Schema.Json
  }>
}

/**
 * One kind of problem. Without `verify` and `program` the answer is a number, and right when it is
 * equal to `solve`'s. `canonical` is equal for statements that say the same in another order; by
 * default it is the statement.
 */
export interface Definition<I> {
  readonly name: string
  readonly topic: Topic
  readonly description: string
  readonly hints: ReadonlyArray<string>
  readonly instance: Schema.Codec<I, Schema.Json>
  readonly draw: (random: Random, difficulty: number) => I
  readonly statement: (instance: I) => string
  /** What is to follow `Answer:`; not read for a program. */
  readonly form: string
  readonly solve: (instance: I) => string
  readonly size: (instance: I) => number
  readonly canonical?: (instance: I) => string
  readonly verify?: (instance: I, answer: string) => boolean
  readonly program?: (instance: I) => ProgramGoal
}

interface DrawnProblem {
  readonly prompt: string
  readonly canonical: string
  readonly domain: "math" | "code" | "puzzle"
  readonly size: number
  readonly instance: Schema.Json
  /** The fields of the knowledge that its `kind` asks for. */
  readonly knowledge: { readonly [key: string]: Schema.Json }
}

/** An entry of the catalogue with what it does. */
export interface DefinedGenerator extends Generator {
  readonly hints: ReadonlyArray<string>
  readonly draw: (random: Random, difficulty: number) => DrawnProblem
  /** `undefined` when the instance is none of this generator's, or the answer is a program. */
  readonly verify: (instance: Schema.Json, answer: string) => boolean | undefined
}

const isSameNumber = (reference: string, answer: string): boolean => {
  const [right, given] = [
    parseFraction(reference),
    parseFraction(answer.replace(/^[a-z]\s*=/i, ""))
  ]
  return right !== undefined && given !== undefined && equals(right, given)
}

export const defineGenerator = <I>(definition: Definition<I>): DefinedGenerator => {
  const { description, hints, name, program, topic, verify } = definition
  const judge = program !== undefined ? "program" : verify !== undefined ? "own" : "number"
  const encode = Schema.encodeSync(definition.instance)
  const decode = Schema.decodeUnknownResult(definition.instance)
  return {
    name,
    topic,
    description,
    judge,
    hints,
    draw: (random, difficulty) => {
      const instance = definition.draw(random, difficulty)
      const statement = definition.statement(instance)
      const answer = definition.solve(instance)
      const drawn = {
        canonical: definition.canonical?.(instance) ?? statement,
        size: definition.size(instance),
        instance: encode(instance)
      }
      if (program !== undefined) {
        const { calls, language } = program(instance)
        const tests = {
          kind: "calls",
          calls: calls.map(({ args, expected, fn }) => ({ fn, args, expected }))
        }
        const knowledge = { kind: "program", language, preamble: "", tests, solution: answer }
        return { ...drawn, domain: "code", prompt: statement, knowledge }
      }
      const prompt = `${statement}\n\nEnd with a line "Answer: …" that gives ${definition.form}.`
      return judge === "number"
        ? { ...drawn, domain: "math", prompt, knowledge: { kind: "math-answer", answer } }
        : { ...drawn, domain: "puzzle", prompt, knowledge: { kind: "generated", answer } }
    },
    verify: (json, answer) => {
      const instance = decode(json)
      if (Result.isFailure(instance) || judge === "program") return undefined
      return verify === undefined
        ? isSameNumber(definition.solve(instance.success), answer)
        : verify(instance.success, answer)
    }
  }
}
