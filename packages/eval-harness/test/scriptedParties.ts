/** Parties of small evaluations, for tests. */
import type { Task, Verdict } from "@sml/env-pomdp"
import { Student, Teacher, Verifier } from "@sml/env-pomdp"
import { TeacherLevels } from "@sml/eval-harness"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/** Tasks whose answer is their number, in two domains. */
export const numberTasks = (count: number): ReadonlyArray<Task> =>
  Array.from({ length: count }, (_, index) => ({
    id: `task ${index}`,
    domain: index % 2 === 0 ? "math" : "code",
    prompt: `find ${index}`,
    knowledge: { answer: index % 6 },
    missing: []
  }))

const answerOf = (task: Task): number =>
  typeof task.knowledge === "object" && task.knowledge !== null && "answer" in task.knowledge
    ? Number(task.knowledge["answer"])
    : Number.NaN

/** Accepts the task's number; a text without digits is no attempt. */
const numberVerifier = Verifier.of({
  check: (task, text) =>
    Effect.sync((): Verdict => {
      const said = /\d+/.exec(text)?.[0]
      if (said === undefined) return { _tag: "NoAttempt" }
      const answer = answerOf(task)
      return {
        _tag: "Attempt",
        correct: Number(said) === answer,
        diagnostics: {
          kind: "math-answer",
          answer: said,
          comparison: Number(said) === answer ? "equal" : "different",
          reason: null,
          side: Number(said) === answer ? null : Number(said) < answer ? "low" : "high"
        }
      }
    })
})

/** Says a number that is a function of its seed. */
export const seededStudent = Student.of({
  speak: (_observation, { seed }) => Effect.succeed({ text: `it is ${seed % 6}` })
})

/** Verifier, teachers that name their level, and a student. */
export const parties = (
  student: Student["Service"] = seededStudent
): Layer.Layer<Student | Verifier | TeacherLevels> =>
  Layer.mergeAll(
    Layer.succeed(Student, student),
    Layer.succeed(Verifier, numberVerifier),
    Layer.succeed(TeacherLevels, {
      at: (level) =>
        Teacher.of({ reply: () => Effect.succeed({ text: `${level}: no`, disclosed: [] }) })
    })
  )
