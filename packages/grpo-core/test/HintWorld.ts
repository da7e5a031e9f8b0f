/**
 * A world small enough to be solved by a table: the student must name a secret digit that nothing in
 * the statement tells, and after a wrong guess the teacher says `hint d`. Whoever reads the hint is
 * right at the second turn; who does not is right by luck.
 */
import {
  type Episode,
  type Group,
  reset,
  Student,
  StudentError,
  type Task,
  Teacher,
  TeacherError,
  Verifier
} from "@sml/env-pomdp"
import { Sampler, TabularPolicy } from "@sml/policy"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/** Token 0 is the statement, 1..4 are the digits, 5..8 the hints. */
export const vocabularySize = 9
const digits = 4
const hintToken = (digit: number) => digits + digit

export const secretTask = (secret: number, id = `secret ${secret}`): Task => ({
  id,
  domain: "digits",
  prompt: "name the digit",
  knowledge: secret,
  missing: []
})

/** One task for each secret. */
export const secretTasks: ReadonlyArray<Task> = [1, 2, 3, 4].map((secret) => secretTask(secret))

export const policy = TabularPolicy.layer({ vocabularySize })

const student = Layer.effect(
  Student,
  Effect.map(Sampler, (sampler) =>
    Student.of({
      speak: Effect.fn(function* ({ history }, { seed }) {
        const stream = history.flatMap((turn) =>
          turn.role === "teacher"
            ? [turn.text.startsWith("hint ") ? hintToken(Number(turn.text.slice(5))) : 0]
            : (turn.trace?.ids ?? [])
        )
        const completion = yield* sampler
          .generate({
            tokens: Int32Array.from(stream),
            maxTokens: 1,
            temperature: 1,
            stop: [],
            seed
          })
          .pipe(Effect.mapError((error) => new StudentError({ reason: error.message })))
        return {
          text: completion.ids.join(" "),
          trace: {
            context: stream.slice(-1),
            ids: [...completion.ids],
            logprobs: [...completion.logprobs]
          }
        }
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

/** A verifier to which nothing is right. */
export const neverRight = Layer.succeed(Verifier, {
  check: () => Effect.succeed({ _tag: "Attempt", correct: false, diagnostics: null })
})

/** A teacher that always fails. */
export const brokenTeacher = Layer.succeed(Teacher, {
  reply: () => Effect.fail(new TeacherError({ reason: "the teacher is out" }))
})

/** The three parties; the student speaks through whatever sampler there is. */
export const parties = Layer.mergeAll(student, verifier, teacher)

/** What a student said in one turn: sampled ids and the context before them. */
export interface Said {
  readonly context: ReadonlyArray<number>
  readonly ids: ReadonlyArray<number>
  readonly logprobs?: ReadonlyArray<number>
  readonly text?: string
  /** Default: a wrong attempt. */
  readonly verdict?: "correct" | "wrong" | "none"
  readonly disclosed?: ReadonlyArray<string>
}

/** An episode made by hand, with log-probabilities of the uniform policy unless given. */
export const episodeOf = (
  task: Task,
  said: ReadonlyArray<Said>,
  options: { readonly seed?: number; readonly horizon?: number; readonly failure?: string } = {}
): Episode => {
  const { failure, horizon = 4, seed = 0 } = options
  const start = reset(task, { horizon, seed })
  const turns = said.map(
    ({ context, ids, logprobs = ids.map(() => -Math.log(vocabularySize)), text = "" }) => ({
      role: "student" as const,
      text,
      trace: { context, ids, logprobs }
    })
  )
  const correct = said.at(-1)?.verdict === "correct"
  const state = {
    ...start,
    history: [...start.history, ...turns],
    verdicts: said.map(({ verdict = "wrong" }) =>
      verdict === "none"
        ? ({ _tag: "NoAttempt" } as const)
        : ({ _tag: "Attempt", correct: verdict === "correct", diagnostics: null } as const)
    ),
    replies: said.map(({ disclosed = [] }) => ({ text: "", disclosed }))
  }
  if (failure !== undefined) return { state, stop: "teacher-failed", reward: 0, failure }
  return { state, stop: correct ? "correct" : "horizon", reward: correct ? 1 : 0 }
}

/** A group about the first secret in which each member names one digit and nothing else. */
export const guesses = (ids: ReadonlyArray<number>): Group => {
  const task = secretTask(1)
  return {
    task,
    episodes: ids.map((id, seed) =>
      episodeOf(task, [{ context: [0], ids: [id], verdict: id === 1 ? "correct" : "wrong" }], {
        seed
      })
    )
  }
}
