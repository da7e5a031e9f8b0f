import { assert, describe, it } from "@effect/vitest"
import { type DialogueState, reset, type Task } from "@sml/env-pomdp"
import { QuestionWriter, ScriptedQuestionWriter } from "@sml/q-priming"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"

const math: Task = {
  id: "m",
  domain: "math",
  prompt: "a = 4 0 . b = 6 * 2 - 5 . c = a - b . find c .",
  knowledge: { kind: "math", answer: 33, a: 40, b: 7, op: "-" },
  missing: []
}
const code = (k: number, m: number, op: "+" | "-"): Task => ({
  id: "c",
  domain: "code",
  prompt: "write f ( x ) = x * k + m . f ( 1 ) = 1 0 .",
  knowledge: {
    kind: "code",
    reference: `x => x * ${k} ${op} ${m}`,
    k,
    m,
    op,
    hiddenInputs: [0, 1],
    entry: "f"
  },
  missing: []
})

const wrong = { _tag: "Attempt", correct: false, diagnostics: null } as const

interface Past {
  /** Whether the dialogue holds an attempt. */
  readonly attempted?: boolean
  /** What the teacher has told. */
  readonly told?: ReadonlyArray<string>
}

const stateOf = (
  task: Task,
  seed: number,
  { attempted = false, told = [] }: Past
): DialogueState => ({
  ...reset(task, { horizon: 4, seed }),
  verdicts: attempted ? [wrong] : [],
  replies: told.length > 0 ? [{ text: "", disclosed: told }] : []
})

/** How often each question is written, over 400 seeds. */
const tally = Effect.fn(function* (task: Task, text: string, past: Past = {}) {
  const writer = yield* QuestionWriter
  const seen = new Map<string, number>()
  for (let seed = 0; seed < 400; seed++) {
    const question = yield* writer.write(stateOf(task, seed, past), { text })
    assert.strictEqual(yield* writer.write(stateOf(task, seed, past), { text }), question)
    seen.set(question, (seen.get(question) ?? 0) + 1 / 400)
  }
  return seen
})

const byDigit = "which digit is wrong ?"
const layer = ScriptedQuestionWriter.layer()
// 4 standard deviations of a fraction of 400
const slack = 0.1

describe("ScriptedQuestionWriter", () => {
  it.effect("asks for the hidden quantity, and sometimes which digit is wrong", () =>
    Effect.gen(function* () {
      const first = yield* tally(math, "answer: 3 4")
      assert.deepStrictEqual([...first.keys()], ["what is b ?"])
      const later = yield* tally(math, "answer: 3 4", { attempted: true })
      assert.deepStrictEqual([...later.keys()].toSorted(), ["what is b ?", byDigit])
      assert.closeTo(later.get(byDigit) ?? 0, 0.2, slack)
    }).pipe(Effect.provide(layer))
  )

  it.effect.each([
    ["x => x * 8 + 1", ["what is k ?"]],
    ["x => x * 9 + 2", ["what is m ?"]],
    ["x => x * 9 - 1", ["what is m ?"]],
    ["x => x * 8 + 2", ["what is k ?", "what is m ?"]],
    ["i am not sure .", ["what is k ?", "what is m ?"]]
  ] as const)("after %s asks for a constant that is wrong", ([text, questions]) =>
    Effect.gen(function* () {
      const seen = yield* tally(code(9, 1, "+"), text)
      assert.deepStrictEqual([...seen.keys()].toSorted(), [...questions])
      for (const share of seen.values()) assert.closeTo(share, 1 / questions.length, slack)
    }).pipe(Effect.provide(layer))
  )

  it.effect("asks for nothing that has been told, nor for the other half of it", () =>
    Effect.gen(function* () {
      const seen = yield* tally(code(9, 1, "+"), "x => x * 9 + 2", {
        attempted: true,
        told: ["k"]
      })
      assert.deepStrictEqual([...seen.keys()], [byDigit])
    }).pipe(Effect.provide(layer))
  )

  it.effect("takes its share of digit questions as an option", () =>
    Effect.gen(function* () {
      const seen = yield* tally(math, "answer: 3 4", { attempted: true })
      assert.deepStrictEqual([...seen.keys()], [byDigit])
    }).pipe(Effect.provide(ScriptedQuestionWriter.layer({ digitShare: 1 })))
  )

  it.effect("never tells a value: no question holds a digit or depends on the answer", () =>
    Effect.gen(function* () {
      const writer = yield* QuestionWriter
      const constants = fc.integer({ min: 0, max: 9 })
      const cases = fc.tuple(constants, constants, fc.constantFrom<["+", "-"]>("+", "-"), fc.nat())
      for (const [k, m, op, seed] of fc.sample(cases, 300)) {
        const state = stateOf(code(k, m, op), seed, { attempted: seed % 2 === 0 })
        const question = yield* writer.write(state, { text: `x => x * ${m} ${op} ${k}` })
        assert.notMatch(question, /\d/)
        assert.match(question, /\?$/)
      }
    }).pipe(Effect.provide(layer))
  )

  it.effect("says so when it does not know the domain", () =>
    Effect.gen(function* () {
      const writer = yield* QuestionWriter
      const other = { ...math, id: "o", domain: "chess", knowledge: { mate: "Qh7" } }
      const error = yield* Effect.flip(writer.write(reset(other, { horizon: 4 }), { text: "e4" }))
      assert.strictEqual(error._tag, "QuestionWriterError")
      assert.match(error.message, /task o .*chess/)
      assert.notInclude(error.message, "Qh7")
    }).pipe(Effect.provide(layer))
  )
})
