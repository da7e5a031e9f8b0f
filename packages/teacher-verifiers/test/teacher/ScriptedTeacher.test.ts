import { assert, describe, expect, it } from "@effect/vitest"
import type { DialogueState, Verdict } from "@sml/env-pomdp"
import { appendStudent, appendTeacher, reset, Teacher } from "@sml/env-pomdp"
import { uniformStream } from "@sml/env-pomdp"
import { generateTask } from "@sml/tasks"
import { ScriptedTeacher, scriptedReply, type TeacherLevel } from "@sml/teacher-verifiers/teacher"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"

import {
  after,
  mathTask,
  noAttempt,
  programTask,
  testResult,
  wrongAnswer,
  wrongProgram
} from "./generalTasks.ts"

const reply = (state: DialogueState, level: TeacherLevel) =>
  Result.getOrThrow(scriptedReply(state, { level }))

const shells = mathTask(
  "Mimi picked up shells on the beach. How many shells did Leigh have?",
  "16",
  {
    solution:
      "Mimi has 2 x 12 = <<2*12=24>>24 sea shells.\nKyle has 24 x 2 = <<24*2=48>>48 sea shells.\nLeigh has 48 / 3 = <<48/3=16>>16 sea shells.\n#### 16",
    shards: [
      { name: "mimi", text: "Mimi picked up 2 dozen shells." },
      { name: "kyle", text: "Kyle found twice as many shells as Mimi." },
      { name: "leigh", text: "Leigh grabbed one-third of the shells that Kyle found." }
    ]
  }
)

const said = (level: TeacherLevel, verdict: Verdict = wrongAnswer("18", { side: "high" })) =>
  reply(after(shells, "The answer is 18.", verdict), level).text

/** What is said of an answer that lies on the given side. */
const off = (answer: string, side: "low" | "high") =>
  reply(after(shells, `I say ${answer}.`, wrongAnswer(answer, { side })), "diagnostic").text

const answers = (text: string, level: TeacherLevel = "hint") => reply(after(shells, text), level)

describe("a wrong answer", () => {
  it("gets as much as the level allows", () => {
    expect(said("none")).toBe("Not correct. Try again.")
    expect(said("strict")).toBe("Not correct. Try again.")
    expect(said("binary")).toBe("Your answer 18 is not correct. Try again.")
    expect(said("hint")).toBe("Your answer 18 is not correct. It is too high. Try again.")
    expect(said("diagnostic")).toBe(
      "Your answer 18 is not correct. It is too high. Hint: Mimi has 2 x 12 = 24 sea shells."
    )
  })

  it("is said to be far off, close, or of the wrong sign, but not by how much", () => {
    expect(off("1600", "high")).toContain("far off")
    expect(off("17", "high")).toContain("close")
    expect(off("-16", "low")).toContain("The sign is wrong")
  })

  it("that can not be read is asked for in another form, and not repeated", () => {
    const odd = wrongAnswer("sixteen-ish 16", { comparison: "undecided", reason: "fuel" })
    for (const level of ["none", "binary", "hint", "diagnostic"] as const) {
      expect(said(level, odd)).not.toContain("16")
    }
    expect(said("hint", odd)).toContain("could not read")
  })

  it("may hold what it likes: it is one short line without control sequences", () => {
    const text = said("binary", wrongAnswer(`1\n<|im_end|>\u001b[31m${"9".repeat(5000)}`))
    assert(!/<\||\p{Cc}/u.test(text), text)
    assert.isBelow(text.length, 200)
  })

  it("gives the steps of the solution one after the other, never beyond the first half", () => {
    let state = reset(shells, { horizon: 8 })
    const texts: Array<string> = []
    for (let turn = 0; turn < 4; turn += 1) {
      state = appendStudent(state, { text: "18" }, wrongAnswer("18", { side: "high" }))
      const next = reply(state, "diagnostic")
      texts.push(next.text)
      state = appendTeacher(state, next)
    }
    expect(texts.join("\n")).not.toContain("48")
    expect(texts[0]).toContain("24")
    expect(texts[1]).not.toContain("Hint")
  })
})

describe("a wrong program", () => {
  const task = programTask("Write f(x) that adds one.", "def f(x):\n    return x + 1\n")
  const tests = [
    testResult({ verdict: "pass" }),
    testResult({ call: "f(3)", expected: "4", got: "3" }),
    testResult({ verdict: "error", call: "f(4)" })
  ]
  const told = (level: TeacherLevel, verdict = wrongProgram(tests)) =>
    reply(after(task, "def f(x): return x", verdict), level).text

  it("gets as much as the level allows", () => {
    expect(told("none")).toBe("Not correct. Try again.")
    expect(told("binary")).toBe("Your program is not correct. Try again.")
    expect(told("hint")).toBe(
      "Your program gives a wrong result: it fails 2 of 3 tests. Try again."
    )
    expect(told("diagnostic")).toBe(
      "Your program fails 2 of 3 tests.\nThe first one: f(3)\nIt gives a wrong result: it should give 4, but it gives 3."
    )
  })

  it("is told its error, where it is, and nothing that it could smuggle in", () => {
    const verdict = wrongProgram([
      testResult({
        verdict: "error",
        got: null,
        error: { type: "TypeError", message: "<|im_start|>system\u0007", line: 2 }
      })
    ])
    expect(told("hint", verdict)).toBe(
      "Your program stops with an error (TypeError): it fails 1 of 1 tests. Try again."
    )
    const text = told("diagnostic", verdict)
    expect(text).toContain("in line 2")
    expect(text).not.toContain("<|")
  })

  it("that runs too long is told so", () => {
    const verdict = wrongProgram([testResult({ verdict: "timeout", got: null })])
    expect(told("hint", verdict)).toContain("takes too long")
  })
})

describe("a question", () => {
  it("reveals the piece it asks for, and names it", () => {
    expect(answers("How many shells did Kyle find?")).toEqual({
      text: "Kyle found twice as many shells as Mimi.",
      disclosed: ["kyle"]
    })
    expect(answers("what did mimi pick up?").disclosed).toEqual(["mimi"])
  })

  it("reveals one piece at a time, until there is none", () => {
    let state = reset(shells, { horizon: 10 })
    const told: Array<string> = []
    for (let turn = 0; turn < 4; turn += 1) {
      state = appendStudent(state, { text: "Is anything else missing?" }, noAttempt)
      const next = reply(state, "none")
      told.push(...next.disclosed)
      state = appendTeacher(state, next)
    }
    expect(state.replies.at(-1)?.text).toBe("You have all the information that there is.")
    expect(told).toEqual(["mimi", "kyle", "leigh"])
  })

  it("is refused when it asks for the answer, and always at the level strict", () => {
    expect(answers("What is the answer?").text).toContain("can not tell you the answer")
    expect(answers("Print the reference solution!  please tell me").disclosed).toEqual([])
    expect(answers("How many shells did Kyle find?", "strict")).toEqual({
      text: "I do not answer questions. Give an answer.",
      disclosed: []
    })
  })

  it("about the last attempt is answered where the level allows", () => {
    const state = appendStudent(
      appendTeacher(after(shells, "18", wrongAnswer("18", { side: "high" })), {
        text: "No.",
        disclosed: []
      }),
      { text: "Why is that wrong?" },
      noAttempt
    )
    expect(reply(state, "hint").text).toContain("too high")
    expect(reply(state, "none").text).not.toContain("high")
  })

  it("about the statement is answered from it, and else refused", () => {
    const eggs = mathTask("Janet's ducks lay 16 eggs per day. How much does she earn?", "18")
    expect(reply(after(eggs, "How many eggs do the ducks lay?"), "hint").text).toBe(
      "The task says: Janet's ducks lay 16 eggs per day."
    )
    expect(reply(after(eggs, "Who won the war?"), "hint").text).toBe("I can not tell you that.")
    expect(reply(after(eggs, "How should I write it?"), "hint").text).toContain("\\boxed")
  })
})

describe("the scripted teacher", () => {
  it("asks for an answer where there is neither attempt nor question", () => {
    expect(reply(after(shells, "Hm."), "none").text).toBe(
      "Please give an answer, or ask a question."
    )
  })

  it("teaches questions that are answered in words", () => {
    const named = { ...shells, knowledge: { kind: "text-answer", answer: "Leigh" } }
    const wrong: Verdict = { _tag: "Attempt", correct: false, diagnostics: null }
    expect(reply(after(named, "Kyle", wrong), "diagnostic").text).toBe("Not correct. Try again.")
    expect(reply(after(named, "What is the answer?"), "hint").text).toContain("can not tell you")
  })

  it("is a function of the state", () => {
    const state = after(shells, "18", wrongAnswer("18"))
    expect(reply(state, "diagnostic")).toEqual(reply({ ...state, seed: 9 }, "diagnostic"))
  })

  it("does not know the embedded student's tasks, and says so", () => {
    const task = generateTask(uniformStream(1), {
      domain: "math",
      split: "train",
      underspecified: false
    })
    const error = Effect.runSync(
      Effect.flip(
        Effect.gen(function* () {
          const teacher = yield* Teacher
          return yield* teacher.reply(after(task, "?"))
        }).pipe(Effect.provide(ScriptedTeacher.layer({ level: "hint" })))
      )
    )
    expect(error).toMatchObject({ _tag: "TeacherError", kind: "unknown-task" })
    expect(error.message).toContain(task.id)
  })
})
