/** Tasks and verdicts for the tests of the teachers. */
import type { DialogueState, Task, Verdict } from "@sml/env-pomdp"
import { appendStudent, reset } from "@sml/env-pomdp"
import type { TestResult } from "@sml/teacher-verifiers/code"
import type { MathDiagnostics } from "@sml/teacher-verifiers/math"
import type { Shard } from "@sml/teacher-verifiers/teacher"

export const mathTask = (
  prompt: string,
  answer: string,
  more: { readonly solution?: string; readonly shards?: ReadonlyArray<Shard> } = {}
): Task => ({
  id: "m",
  domain: "math",
  prompt,
  knowledge: {
    kind: "math-answer",
    answer,
    ...(more.solution === undefined ? {} : { solution: more.solution }),
    ...(more.shards === undefined ? {} : { shards: more.shards.map((shard) => ({ ...shard })) })
  },
  missing: (more.shards ?? []).map(({ name }) => name)
})

export const programTask = (
  prompt: string,
  solution: string,
  shards: ReadonlyArray<Shard> = []
): Task => ({
  id: "p",
  domain: "code",
  prompt,
  knowledge: {
    kind: "program",
    language: "python",
    preamble: "",
    tests: { kind: "asserts", setup: "", asserts: ["assert f(1) == 2"] },
    solution,
    ...(shards.length === 0 ? {} : { shards: shards.map((shard) => ({ ...shard })) })
  },
  missing: shards.map(({ name }) => name)
})

export const noAttempt: Verdict = { _tag: "NoAttempt" }

export const wrongAnswer = (
  answer: string,
  more: Partial<Pick<MathDiagnostics, "comparison" | "side" | "reason">> = {}
): Verdict => ({
  _tag: "Attempt",
  correct: false,
  diagnostics: {
    kind: "math-answer",
    answer,
    comparison: "different",
    reason: null,
    side: null,
    ...more
  } satisfies MathDiagnostics
})

export const testResult = (more: Partial<TestResult> = {}): TestResult => ({
  verdict: "fail",
  call: "f(1)",
  expected: "2",
  got: "1",
  error: null,
  millis: 1,
  ...more
})

export const wrongProgram = (tests: ReadonlyArray<TestResult>): Verdict => ({
  _tag: "Attempt",
  correct: false,
  diagnostics: {
    kind: "program",
    language: "python",
    verdict: tests.find(({ verdict }) => verdict !== "pass")?.verdict ?? "fail",
    tests: tests.map((test) => ({
      ...test,
      error: test.error === null ? null : { ...test.error }
    })),
    stdout: ""
  }
})

/** The state after the student has said one thing. */
export const after = (task: Task, text: string, verdict: Verdict = noAttempt): DialogueState =>
  appendStudent(reset(task, { horizon: 8 }), { text }, verdict)
