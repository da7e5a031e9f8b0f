/** Dialogues written down in advance, for tests. */
import type { SpeakContext, Task, Utterance } from "@sml/env-pomdp"
import {
  ContextOverflow,
  type Observation,
  Student,
  StudentError,
  Teacher,
  TeacherError,
  Verifier,
  VerifierError
} from "@sml/env-pomdp"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as fc from "fast-check"

/** What the student does at one turn. */
export type Kind = "right" | "wrong" | "question" | "other"

/** Who breaks the dialogue off. */
export type Party = "student" | "overflow" | "verifier" | "teacher"

/** A whole dialogue: turns in order, and at which turn (from 0) a party fails. */
export interface Scenario {
  readonly horizon: number
  readonly turns: ReadonlyArray<Kind>
  readonly missing: ReadonlyArray<string>
  readonly withTrace: boolean
  readonly failure?: { readonly party: Party; readonly turn: number }
}

const words: Readonly<Record<Kind, string>> = {
  right: "answer: 4 2",
  wrong: "answer: 4 1",
  question: "what is b ?",
  other: "i am not sure ."
}

/** Any scenario; its turns last to the horizon, so the student is never without words. */
export const scenarios: fc.Arbitrary<Scenario> = fc.integer({ min: 1, max: 6 }).chain((horizon) =>
  fc.record(
    {
      horizon: fc.constant(horizon),
      turns: fc.array(fc.constantFrom<Kind>("wrong", "question", "other", "wrong", "right"), {
        minLength: horizon,
        maxLength: horizon
      }),
      missing: fc.constantFrom([], ["b"], ["b", "k"]),
      withTrace: fc.boolean(),
      failure: fc.record({
        party: fc.constantFrom<Party>("student", "overflow", "verifier", "teacher"),
        turn: fc.nat(horizon - 1)
      })
    },
    { requiredKeys: ["horizon", "turns", "missing", "withTrace"] }
  )
)

/** The task of a scenario; its private knowledge is the answer. */
export const taskOf = (scenario: Scenario, knowledge: number = 42): Task => ({
  id: "task",
  domain: "math",
  prompt: "a = 4 0 . c = a + b . find c .",
  knowledge: { answer: knowledge },
  missing: scenario.missing
})

/** What the student says at a turn; a trailing mark tells the verifier to fail. */
export const utteranceOf = ({ failure, turns, withTrace }: Scenario, turn: number): Utterance => {
  const breaks = failure?.party === "verifier" && failure.turn === turn
  const text = `${words[turns[turn] ?? "other"]}${breaks ? " !" : ""}`
  return withTrace
    ? { text, trace: { context: [turn], ids: [7, 8], logprobs: [-0.5, -1] } }
    : { text }
}

const fails = ({ failure }: Scenario, party: Party, turn: number): boolean =>
  failure?.party === party && failure.turn === turn

/** The three parties; `heard` is told what the student is given. */
export const partiesOf = (
  scenario: Scenario,
  heard: (observation: Observation, context: SpeakContext) => void = () => undefined
) =>
  Layer.mergeAll(
    Layer.succeed(Student, {
      speak: (observation, context) =>
        Effect.gen(function* () {
          heard(observation, context)
          if (fails(scenario, "student", context.turn)) {
            return yield* new StudentError({ reason: "The student is gone." })
          }
          if (fails(scenario, "overflow", context.turn)) {
            return yield* new ContextOverflow({ reason: "The dialogue is too long." })
          }
          return utteranceOf(scenario, context.turn)
        })
    }),
    Layer.succeed(Verifier, {
      check: (_task, text) =>
        text.endsWith("!")
          ? Effect.fail(new VerifierError({ reason: "The verifier is gone." }))
          : Effect.succeed(
              text.startsWith("answer:")
                ? {
                    _tag: "Attempt" as const,
                    correct: text === words.right,
                    diagnostics: { read: text }
                  }
                : { _tag: "NoAttempt" as const, reason: "no answer in it" }
            )
    }),
    Layer.succeed(Teacher, {
      reply: ({ history, task, verdicts }) => {
        const turn = verdicts.length - 1
        if (fails(scenario, "teacher", turn)) {
          return Effect.fail(new TeacherError({ reason: "The teacher is gone." }))
        }
        const isAsked = history.at(-1)?.text === words.question
        return Effect.succeed(
          isAsked
            ? { text: "b is 2 .", disclosed: task.missing.slice(0, 1) }
            : { text: `wrong ${turn} .`, disclosed: [] }
        )
      }
    })
  )
