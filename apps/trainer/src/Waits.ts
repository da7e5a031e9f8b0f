/** What a run waits for: every wait has a deadline, and a long one is spoken of. */
import {
  Student,
  StudentError,
  Teacher,
  TeacherError,
  Verifier,
  VerifierError
} from "@sml/env-pomdp"
import { Learner, LearnerError, Sampler } from "@sml/policy"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

import { Progress } from "./Progress.ts"
import type { TrainOptions } from "./TrainOptions.ts"

/** Who is waited for. */
export type Stage = "student" | "teacher" | "verifier" | "learner"

/** How long it may take: seconds. */
export type Deadlines = Pick<TrainOptions, "answerDeadline" | "stallDeadline">

/** Seconds without an answer after which the view says what is waited for. */
const SHOWN = 5

/** Seconds after which a line of its own says it; then twice as many, and so on. */
const NOTICE = 30

/** How often it looks, in milliseconds. */
const LOOK = 1000

interface Wait {
  pending: number
  /** When the last answer came, or the first question of those that are pending; milliseconds. */
  since: number
  /** Seconds after which a call has failed. */
  limit: number
}

/**
 * Counts the calls that have not been answered, by stage. A call that is late fails with its stage's own
 * error, whatever it does: what hangs is left behind.
 */
export class Waits extends Context.Service<
  Waits,
  {
    /**
     * `effect`, or `late` after so many seconds. With `shared` the seconds begin anew with each answer
     * that another call to the stage gets: a long queue is no standstill.
     */
    readonly within: <A, E, R>(
      stage: Stage,
      effect: Effect.Effect<A, E, R>,
      deadline: { readonly seconds: number; readonly shared: boolean; readonly late: () => E }
    ) => Effect.Effect<A, E, R>
  }
>()("@sml/trainer/Waits") {
  /** Says on the screen what has been waited for long. */
  static readonly layer: Layer.Layer<Waits, never, Progress> = Layer.effect(
    Waits,
    Effect.gen(function* () {
      const progress = yield* Progress
      const waits: Record<Stage, Wait> = {
        student: { pending: 0, since: 0, limit: 0 },
        teacher: { pending: 0, since: 0, limit: 0 },
        verifier: { pending: 0, since: 0, limit: 0 },
        learner: { pending: 0, since: 0, limit: 0 }
      }
      let told = 0
      let isShown = false
      const look = Effect.suspend(() => {
        const longest = Object.entries(waits)
          .filter(([, { pending }]) => pending > 0)
          .toSorted(([, left], [, right]) => left.since - right.since)
          .at(0)
        const seconds = longest === undefined ? 0 : (performance.now() - longest[1].since) / 1000
        if (longest === undefined || seconds < SHOWN) {
          told = 0
          if (!isShown) return Effect.void
          isShown = false
          return progress.emit({ _tag: "Waiting", waiting: undefined })
        }
        isShown = true
        const [stage, { limit, pending }] = longest
        const show = progress.emit({ _tag: "Waiting", waiting: { stage, seconds, limit } })
        if (seconds < Math.max(NOTICE, 2 * told)) return show
        told = seconds
        const calls = pending === 1 ? "one call" : `${pending} calls`
        const text = `waiting for the ${stage}: ${calls}, no answer for ${Math.round(seconds)} s; gives up after ${limit} s`
        return Effect.andThen(show, progress.emit({ _tag: "Note", text }))
      })
      yield* look.pipe(Effect.andThen(Effect.sleep(LOOK)), Effect.forever, Effect.forkScoped)
      return Waits.of({
        within: (stage, effect, deadline) => within(waits[stage], effect, deadline)
      })
    })
  )
}

// no race: in a region that cannot be interrupted a race waits for its loser, which may hang
const within = Effect.fnUntraced(function* <A, E, R>(
  wait: Wait,
  effect: Effect.Effect<A, E, R>,
  deadline: { readonly seconds: number; readonly shared: boolean; readonly late: () => E }
) {
  const limit = deadline.seconds * 1000
  const asked = performance.now()
  if (wait.pending++ === 0) wait.since = asked
  wait.limit = deadline.seconds
  const answered = Effect.sync(() => {
    wait.pending -= 1
    wait.since = performance.now()
  })
  const fiber = yield* Effect.forkDetach(effect, { startImmediately: true })
  const answer = Effect.callback<A, E>((resume) => {
    let timer: NodeJS.Timeout | undefined
    const arm = (milliseconds: number) => {
      timer = setTimeout(look, Math.min(milliseconds, longestTimer))
    }
    const look = () => {
      const from = deadline.shared ? Math.max(asked, wait.since) : asked
      const rest = limit - (performance.now() - from)
      if (rest > 0) return arm(rest)
      // first: an interrupted fiber tells its observer at once
      resume(Effect.suspend(() => Effect.fail(deadline.late())))
      fiber.interruptUnsafe()
    }
    arm(limit)
    fiber.addObserver((exit) => {
      clearTimeout(timer)
      resume(exit)
    })
    return Effect.sync(() => {
      clearTimeout(timer)
      fiber.interruptUnsafe()
    })
  })
  return yield* Effect.ensuring(answer, answered)
})

/** A timer beyond this many milliseconds fires at once. */
const longestTimer = 2 ** 31 - 1

const missed = (who: string, seconds: number) => `${who} has not answered for ${seconds} s`

/** The teacher with a deadline for each reply: a `TeacherError`, of which the dialogue ends. */
export const patientTeacher = <E, R>(inner: Layer.Layer<Teacher, E, R>, options: Deadlines) =>
  Layer.effect(
    Teacher,
    Effect.gen(function* () {
      const { within: wait } = yield* Waits
      const { reply } = yield* Teacher
      const seconds = options.answerDeadline
      return Teacher.of({
        reply: (state) =>
          wait("teacher", reply(state), {
            seconds,
            shared: false,
            late: () =>
              new TeacherError({ reason: missed("the teacher", seconds), kind: "timeout" })
          })
      })
    })
  ).pipe(Layer.provide(inner))

/** The verifier with a deadline for each check: a `VerifierError`, of which the dialogue ends. */
export const patientVerifier = <E, R>(inner: Layer.Layer<Verifier, E, R>, options: Deadlines) =>
  Layer.effect(
    Verifier,
    Effect.gen(function* () {
      const { within: wait } = yield* Waits
      const { check } = yield* Verifier
      const seconds = options.answerDeadline
      return Verifier.of({
        check: (task, text) =>
          wait("verifier", check(task, text), {
            seconds,
            shared: false,
            late: () => new VerifierError({ reason: missed("the verifier", seconds) })
          })
      })
    })
  ).pipe(Layer.provide(inner))

/** The student: when it has answered nobody for too long, a `StudentError`. */
export const patientStudent = <E, R>(inner: Layer.Layer<Student, E, R>, options: Deadlines) =>
  Layer.effect(
    Student,
    Effect.gen(function* () {
      const { within: wait } = yield* Waits
      const { speak } = yield* Student
      const seconds = options.stallDeadline
      return Student.of({
        speak: (observation, context) =>
          wait("student", speak(observation, context), {
            seconds,
            shared: true,
            late: () => new StudentError({ reason: missed("the student", seconds) })
          })
      })
    })
  ).pipe(Layer.provide(inner))

/** The learner: what takes too long is a `LearnerError` that says what it was. */
export const patientPolicy = <E, R>(
  inner: Layer.Layer<Sampler | Learner, E, R>,
  options: Deadlines
) =>
  Layer.effectContext(
    Effect.gen(function* () {
      const { within: wait } = yield* Waits
      const sampler = yield* Sampler
      const learner = yield* Learner
      const seconds = options.stallDeadline
      const patient = <A>(what: string, effect: Effect.Effect<A, LearnerError>) =>
        wait("learner", effect, {
          seconds,
          shared: false,
          late: () =>
            new LearnerError({ reason: `the engine has not finished ${what} for ${seconds} s` })
        })
      return Context.make(Sampler, sampler).pipe(
        Context.add(Learner, {
          forward: (data) => patient("the log-probabilities", learner.forward(data)),
          forwardBackward: (data, objective) =>
            patient("the gradient", learner.forwardBackward(data, objective)),
          step: (optimiser) => patient("the optimiser's step", learner.step(optimiser)),
          save: (directory) => patient("writing the weights", learner.save(directory)),
          restore: (directory) => patient("reading the weights", learner.restore(directory)),
          saveState: (directory) => patient("writing a checkpoint", learner.saveState(directory)),
          restoreState: (directory) =>
            patient("reading a checkpoint", learner.restoreState(directory))
        })
      )
    })
  ).pipe(Layer.provide(inner))
