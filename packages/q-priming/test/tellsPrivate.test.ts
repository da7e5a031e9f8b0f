import { describe, expect, it } from "@effect/vitest"
import { type DialogueState, reset, type Task } from "@sml/env-pomdp"
import { QuestionWriter, ScriptedQuestionWriter, tellsPrivate } from "@sml/q-priming"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"

const board: Task = {
  id: "board",
  domain: "math",
  prompt: "A board has 8 rows of 8 squares. How many squares are there?",
  knowledge: { kind: "math-answer", answer: "64", solution: "Multiply the two sides." },
  missing: []
}
const sum: Task = {
  id: "sum",
  domain: "math",
  prompt: "a = 4 0 . b = 6 * 2 - 5 . c = a - b . find c .",
  knowledge: { kind: "math", answer: 33, a: 40, b: 7, op: "-" },
  missing: []
}
const line: Task = {
  id: "line",
  domain: "code",
  prompt: "write f ( x ) = x * k + m . f ( 3 ) = 2 8 .",
  knowledge: {
    kind: "code",
    reference: "x => x * 9 + 1",
    k: 9,
    m: 1,
    op: "+",
    hiddenInputs: [0, 5, 11],
    entry: "f"
  },
  missing: []
}
const start = (task: Task): DialogueState => reset(task, { horizon: 4 })
/** The state after the teacher has said something. */
const told = (task: Task, text: string): DialogueState => {
  const state = start(task)
  const student = { role: "student" as const, text: "hm" }
  return { ...state, history: [...state.history, student, { role: "teacher", text }] }
}

/** Places where a word may stand in a knowledge. */
const knowledgeWith = (word: string) =>
  fc.constantFrom<ReadonlyArray<Task["knowledge"]>>(
    [{ secret: word }],
    [{ kind: "math-answer", answer: "64", solution: `First ${word}, then stop.` }],
    [["x", { deep: [word, 5] }]],
    [word]
  )

describe("tellsPrivate", () => {
  it.each<readonly [DialogueState, string]>([
    [start(board), "Did I count the rows right?"],
    [start(board), "Which part of my answer is wrong?"],
    [start(board), "Are there 8 squares in each of the 8 rows?"],
    // once the teacher has said it, it is no secret
    [told(board, "You should multiply."), "What should I multiply?"],
    [start(sum), "what is b ?"],
    [start(sum), "is a 4 0 ?"],
    [start(line), "what is k ?"],
    [told(line, "k is 9 ."), "is k 9 ?"]
  ])("lets through what asks and tells nothing: %#", (state, question) => {
    expect(tellsPrivate(state, question)).toBe(false)
  })

  it.each<readonly [DialogueState, string]>([
    [start(board), "Is it 64?"],
    [start(board), "Is it sixty-four?"],
    [start(board), "Should I work out 2^6?"],
    [start(board), "Should I multiply?"],
    [start(board), "Should I MUL-TI\u200bPLY?"],
    [start(sum), "is c 3 3 ?"],
    [start(sum), "is b 7 ?"],
    [start(line), "is it x * 9 + 1 ?"],
    [start(line), "is k 9 ?"]
  ])("finds what tells: %#", (state, question) => {
    expect(tellsPrivate(state, question)).toBe(true)
  })

  it("finds any canary, in any knowledge and however it is cut up", () => {
    const canary = fc.stringMatching(/^[a-z]{3}[0-9]{3}[a-z]{3}$/)
    const cut = fc.constantFrom(
      (word: string) => word,
      (word: string) => word.toUpperCase(),
      (word: string) => Array.from(word).join(" "),
      (word: string) => Array.from(word).join("."),
      (word: string) => `${word.slice(0, 4)}\u200b${word.slice(4)}`,
      (word: string) => `(${word.slice(0, 4)}-${word.slice(4)})`
    )
    fc.assert(
      fc.property(
        canary.chain((word) => fc.tuple(fc.constant(word), knowledgeWith(word), cut)),
        ([word, [secret = null], disguise]) => {
          const state = start({ ...board, knowledge: secret })
          expect(tellsPrivate(state, `Is it ${disguise(word)} ?`)).toBe(true)
          expect(tellsPrivate(state, "Which part is wrong ?")).toBe(false)
        }
      )
    )
  })

  it("lets every question of the scripted writer through", async () => {
    const digit = fc.integer({ min: 1, max: 9 })
    await fc.assert(
      fc.asyncProperty(digit, digit, fc.nat(), async (k, m, seed) => {
        const tasks: ReadonlyArray<Task> = [
          { ...sum, knowledge: { kind: "math", answer: 40 - m, a: 40, b: m, op: "-" } },
          {
            ...line,
            prompt: "write f ( x ) = x * k + m .",
            knowledge: {
              kind: "code",
              reference: `x => x * ${k} + ${m}`,
              k,
              m,
              op: "+",
              hiddenInputs: [0, 1],
              entry: "f"
            }
          }
        ]
        const questions = await Effect.runPromise(
          Effect.gen(function* () {
            const writer = yield* QuestionWriter
            return yield* Effect.forEach(tasks, (task) => {
              const state = reset(task, { horizon: 4, seed })
              return Effect.map(writer.write(state, { text: "x => x * 2 + 3" }), (question) =>
                tellsPrivate(state, question)
              )
            })
          }).pipe(Effect.provide(ScriptedQuestionWriter.layer()))
        )
        expect(questions).toEqual([false, false])
      }),
      { numRuns: 50 }
    )
  })
})
