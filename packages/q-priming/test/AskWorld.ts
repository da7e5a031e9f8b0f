/**
 * A world in which asking helps: the student must name a secret digit; the teacher answers a question
 * with `hint d` and a wrong attempt with `wrong`. Token 0 is the statement, 1..3 are the digits, 4..6
 * the hints, 7 is `wrong`, 8 the question.
 */
import { labelTurns, Student, type Task, Teacher, turnsTaken, Verifier } from "@sml/env-pomdp"
import { Sampler, TabularPolicy } from "@sml/policy"
import { QuestionWriter, type QuestionInjectionTools } from "@sml/q-priming"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

const digits = 3
const wrongToken = 7
const askToken = 8
const vocabularySize = 9
export const question = "which one ?"

/** A private word of each task, which nothing public may hold. */
export const canary = (secret: number): string => `canary-${secret}-yranac`

export const secretTasks: ReadonlyArray<Task> = [1, 2, 3].map((secret) => ({
  id: `secret ${secret}`,
  domain: "digits",
  prompt: "name the digit",
  knowledge: { secret, canary: canary(secret) },
  missing: []
}))

const secretOf = ({ id }: Task): number => Number(id.slice("secret ".length))

const tokenOf = (text: string): number => {
  if (text.startsWith("hint ")) return digits + Number(text.slice(5))
  return text === "wrong" ? wrongToken : 0
}

const student = Layer.effect(
  Student,
  Effect.map(Sampler, (sampler) =>
    Student.of({
      speak: Effect.fn(function* ({ history }, { seed }) {
        const context = [tokenOf(history.at(-1)?.text ?? "")]
        const { ids, logprobs } = yield* sampler
          .generate({
            tokens: Int32Array.from(context),
            maxTokens: 1,
            temperature: 1,
            stop: [],
            seed
          })
          .pipe(Effect.orDie)
        const text = ids[0] === askToken ? question : ids.join(" ")
        return { text, trace: { context, ids: [...ids], logprobs: [...logprobs] } }
      })
    })
  )
)

export const verifier = Layer.succeed(Verifier, {
  check: (task, text) =>
    Effect.succeed(
      /^\d$/.test(text)
        ? { _tag: "Attempt" as const, correct: Number(text) === secretOf(task), diagnostics: null }
        : { _tag: "NoAttempt" as const }
    )
})

const teacher = Layer.succeed(Teacher, {
  reply: ({ history, task }) =>
    Effect.succeed({
      text: history.at(-1)?.text === question ? `hint ${secretOf(task)}` : "wrong",
      disclosed: []
    })
})

/** A writer that always says the same. */
export const writes = (text: string) =>
  Layer.succeed(QuestionWriter, { write: () => Effect.succeed(text) })

export const tools: QuestionInjectionTools = { encode: () => Effect.succeed([askToken]) }

/** The parties, a writer of the right question, and the policy behind the student. */
export const world = Layer.mergeAll(student, verifier, teacher, writes(question)).pipe(
  Layer.provideMerge(TabularPolicy.layer({ vocabularySize }))
)

/** Questions a turn, over all dialogues. */
export const questionRate = (episodes: ReadonlyArray<Parameters<typeof labelTurns>[0]>): number => {
  const turns = episodes.reduce((sum, { state }) => sum + turnsTaken(state), 0)
  const questions = episodes.flatMap(labelTurns).filter((label) => label === "question").length
  return questions / turns
}
