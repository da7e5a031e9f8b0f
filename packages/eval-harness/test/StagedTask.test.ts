import type { Task, Verdict } from "@sml/env-pomdp"
import { stageTask } from "@sml/eval-harness"
import { describe, expect, it } from "vitest"

const question = (answer: string | null, answerable: boolean): Task => ({
  id: "q",
  domain: "missing-premise",
  prompt: "What is a + b ?",
  knowledge: { kind: "missing-premise", premise: "b is 3 .", answer, answerable },
  missing: answerable ? [] : ["b"]
})
const right: Verdict = { _tag: "Attempt", correct: true, diagnostics: null }

describe("stageTask", () => {
  it("tells a task that is nothing special as it is, and in no other way", () => {
    const task: Task = { id: "t", domain: "math", prompt: "?", knowledge: 1, missing: [] }
    expect(stageTask(task, "as-given")).toEqual({ task })
    for (const staging of ["full", "concat", "sharded", "recap", "snowball", "evolving"] as const) {
      expect(stageTask(task, staging)).toBeUndefined()
    }
  })

  it("lets no answer to an unanswerable question be right, and the teacher tell the premise", () => {
    const staged = stageTask(question("5", false), "as-given")
    expect(staged?.judge?.(0, right)).toEqual({ verdict: { ...right, correct: false } })
    expect(staged?.judge?.(0, { _tag: "NoAttempt" })).toEqual({ verdict: { _tag: "NoAttempt" } })
    expect(staged?.taskAt?.(0).knowledge).toEqual({
      kind: "math-answer",
      answer: "5",
      statement: "What is a + b ? b is 3 .",
      shards: [{ name: "b", text: "b is 3 ." }]
    })
  })

  it("shows the verifier a number even where nobody knows the answer", () => {
    expect(stageTask(question(null, false), "as-given")?.taskAt?.(0).knowledge).toMatchObject({
      kind: "math-answer",
      answer: "0"
    })
    expect(stageTask(question(null, true), "as-given")).toBeUndefined()
  })

  it("judges an answerable question as it is", () => {
    const staged = stageTask(question("5", true), "as-given")
    expect(staged?.judge?.(0, right)).toEqual({ verdict: right })
    expect(staged?.taskAt?.(0).knowledge).toEqual({ kind: "math-answer", answer: "5" })
  })
})
