/** Whole dialogues. Failures of a party end the episode and are recorded in it. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"

import type { Utterance } from "./Dialogue.ts"
import type { DialogueState } from "./DialogueState.ts"
import {
  appendStudent,
  appendTeacher,
  isDone,
  observe,
  reset,
  turnsTaken
} from "./DialogueState.ts"
import type { Episode, Group, StopReason } from "./Episode.ts"
import { studentTurns } from "./Episode.ts"
import { ContextOverflow, Student, StudentError, Teacher, Verifier } from "./Ports.ts"
import { mixSeed } from "./Seed.ts"
import type { Task } from "./Task.ts"
import type { Verdict } from "./Verdict.ts"
import { isCorrect } from "./Verdict.ts"

/**
 * A chance to replace a student turn before it becomes public (question priming does). Given the
 * state before the turn, the utterance and its verdict; `undefined` keeps the utterance. A
 * replacement is judged anew.
 */
export type Revise = (
  state: DialogueState,
  utterance: Utterance,
  verdict: Verdict
) => Effect.Effect<Utterance | undefined, StudentError>

/** Settings of one dialogue. */
export interface RolloutOptions {
  /** Largest number of student turns; 4 in training and 10 at test in the paper. */
  readonly horizon: number
  /** Unsigned 32-bit integer; default 0. */
  readonly seed?: number
  readonly episode?: string
  readonly revise?: Revise
}

/**
 * One environment transition: judge the utterance, append it and, unless the dialogue is over, let
 * the teacher answer.
 */
export const step = Effect.fn("env-pomdp.step")(function* (
  state: DialogueState,
  utterance: Utterance
) {
  const verifier = yield* Verifier
  const verdict = yield* verifier.check(state.task, utterance.text)
  return yield* answer(appendStudent(state, utterance, verdict))
})

const answer = Effect.fnUntraced(function* (state: DialogueState) {
  if (isDone(state)) return state
  const teacher = yield* Teacher
  return appendTeacher(state, yield* teacher.reply(state))
})

const finish = (state: DialogueState): Episode => {
  const last = state.verdicts.at(-1)
  return last !== undefined && isCorrect(last)
    ? { state, stop: "correct", reward: 1 }
    : { state, stop: "horizon", reward: 0 }
}

const stopOf = {
  StudentError: "student-failed",
  ContextOverflow: "context-overflow",
  TeacherError: "teacher-failed",
  VerifierError: "verifier-failed"
} as const satisfies Record<string, StopReason>

/**
 * Runs one dialogue to its end: the first correct attempt, the horizon, or a failure. Never fails:
 * an episode that a party broke off says so in `stop` and `failure`, and its reward is 0.
 */
export const rollout = Effect.fn("env-pomdp.rollout")(function* (
  task: Task,
  options: RolloutOptions
) {
  const student = yield* Student
  const verifier = yield* Verifier
  const { revise, ...resetOptions } = options
  let state = reset(task, resetOptions)

  const judge = (utterance: Utterance) =>
    verifier.check(task, utterance.text).pipe(
      Effect.tapError(() =>
        Effect.sync(() => {
          state = appendStudent(state, utterance, undefined)
        })
      )
    )

  const turn = Effect.gen(function* () {
    let utterance = yield* student.speak(observe(state), {
      episode: state.episode,
      turn: turnsTaken(state),
      seed: mixSeed(state.seed, turnsTaken(state), 1)
    })
    let verdict = yield* judge(utterance)
    const revised = revise === undefined ? undefined : yield* revise(state, utterance, verdict)
    if (revised !== undefined) {
      utterance = revised
      verdict = yield* judge(utterance)
    }
    // kept before the teacher speaks, so that a teacher's failure does not lose the turn
    state = appendStudent(state, utterance, verdict)
    state = yield* answer(state)
  })

  while (!isDone(state)) {
    const result = yield* Effect.result(turn)
    if (Result.isFailure(result)) {
      const error = result.failure
      const stop = stopOf[error._tag]
      return error._tag === "ContextOverflow"
        ? ({ state, stop, reward: 0 } satisfies Episode)
        : ({ state, stop, reward: 0, failure: error.message } satisfies Episode)
    }
  }
  return finish(state)
})

/** Settings of a group of dialogues about one task. */
export interface GroupOptions extends Omit<RolloutOptions, "episode"> {
  /** Number of dialogues; 8 in the paper. */
  readonly size: number
}

/** The seed of episode `index` of a group. */
const memberSeed = (seed: number, index: number): number => mixSeed(seed, index, 2)

/** Runs `size` independent dialogues about one task, concurrently, one fiber each. */
export const rolloutGroup = Effect.fn("env-pomdp.rolloutGroup")(function* (
  task: Task,
  options: GroupOptions
) {
  const { size, seed = 0, ...rest } = options
  const episodes = yield* Effect.forEach(
    Array.from({ length: size }, (_, index) => index),
    (index) =>
      rollout(task, {
        ...rest,
        seed: memberSeed(seed, index),
        episode: `${task.id}/${seed}/${index}`
      }),
    { concurrency: "unbounded" }
  )
  return { task, episodes } satisfies Group
})

/**
 * Plays the recorded utterances of an episode again, against the given teacher and verifier. With
 * the ones it was recorded with, the result equals the episode, failures included. Where the dialogue
 * now goes on beyond the recording, it stops there as `student-failed`.
 */
export const replay = Effect.fn("env-pomdp.replay")(function* (episode: Episode) {
  const { episode: name, horizon, seed, task } = episode.state
  const turns = studentTurns(episode)
  const script = Student.of({
    speak: (_observation, context) => {
      const turn = turns[context.turn]
      if (turn !== undefined) {
        const { role: _role, ...utterance } = turn
        return Effect.succeed(utterance)
      }
      if (episode.stop === "context-overflow") {
        return Effect.fail(
          new ContextOverflow({ reason: "The recorded dialogue overflowed here." })
        )
      }
      const recorded = episode.stop === "student-failed" ? episode.failure : undefined
      return Effect.fail(
        new StudentError({
          reason: recorded ?? `The recording of ${name} ends after ${turns.length} student turns.`
        })
      )
    }
  })
  return yield* rollout(task, { horizon, seed, episode: name }).pipe(
    Effect.provideService(Student, script)
  )
})
