/**
 * A world that a table can learn: the student must name a secret digit that nothing in the statement
 * tells; after a wrong guess the teacher says `hint d`. Token 0 is the statement, 1..3 are the
 * digits, 4..6 the hints.
 */
import { type Episode, reset, Student, type Task, Teacher, Verifier } from "@sml/env-pomdp"
import { Sampler, TabularPolicy } from "@sml/policy"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

export const vocabularySize = 7
const digits = 3

export const secretTask = (secret: number): Task => ({
  id: `secret ${secret}`,
  domain: "digits",
  prompt: "name the digit",
  knowledge: secret,
  missing: []
})
export const secretTasks: ReadonlyArray<Task> = [1, 2, 3].map(secretTask)

const student = Layer.effect(
  Student,
  Effect.map(Sampler, (sampler) =>
    Student.of({
      speak: Effect.fn(function* ({ history }, { seed }) {
        const last = history.at(-1)?.text ?? ""
        const context = [last.startsWith("hint ") ? digits + Number(last.slice(5)) : 0]
        const { ids, logprobs } = yield* sampler
          .generate({
            tokens: Int32Array.from(context),
            maxTokens: 1,
            temperature: 1,
            stop: [],
            seed
          })
          .pipe(Effect.orDie)
        const trace = { context, ids: [...ids], logprobs: [...logprobs] }
        return { text: ids.join(" "), trace }
      })
    })
  )
)

const verifier = Layer.succeed(Verifier, {
  check: (task, text) =>
    Effect.succeed({
      _tag: "Attempt" as const,
      correct: Number(text) === task.knowledge,
      diagnostics: null
    })
})

const teacher = Layer.succeed(Teacher, {
  reply: ({ task }) => Effect.succeed({ text: `hint ${Number(task.knowledge)}`, disclosed: [] })
})

/** The three parties and the policy behind the student. */
export const world = Layer.mergeAll(student, verifier, teacher).pipe(
  Layer.provideMerge(TabularPolicy.layer({ vocabularySize }))
)

/** A verifier to which nothing is right. */
export const neverRight = Layer.succeed(Verifier, {
  check: () => Effect.succeed({ _tag: "Attempt", correct: false, diagnostics: null })
})

/** An episode made by hand: the texts of the student's turns, each its own token. */
export const episodeOf = (
  task: Task,
  said: ReadonlyArray<number>,
  options: { readonly reward: 0 | 1; readonly seed?: number; readonly traced?: boolean }
): Episode => {
  const { reward, seed = 0, traced = true } = options
  const start = reset(task, { horizon: 4, seed })
  const turns = said.map((id) => ({
    role: "student" as const,
    text: `${id}`,
    ...(traced ? { trace: { context: [0], ids: [id], logprobs: [-1] } } : {})
  }))
  return {
    state: { ...start, history: [...start.history, ...turns] },
    stop: reward === 1 ? "correct" : "horizon",
    reward
  }
}
