/** The teacher and the verifier of one staged dialogue. */
import type { DialogueState, Task, Teacher, TeacherReply, Verifier } from "@sml/env-pomdp"
import { isCorrect, TeacherError, turnsTaken } from "@sml/env-pomdp"
import * as Effect from "effect/Effect"

import type { StagedTask } from "../StagedTask.ts"

interface Parties {
  readonly teacher: Teacher["Service"]
  readonly verifier: Verifier["Service"]
}

const scripted = (script: ReadonlyArray<TeacherReply>): Teacher["Service"] => ({
  reply: (state) => {
    const reply = script[turnsTaken(state) - 1]
    return reply === undefined
      ? Effect.fail(
          new TeacherError({ reason: `The script of ${state.episode} has no more turns.` })
        )
      : Effect.succeed(reply)
  }
})

/**
 * Goals one after another. Reaching a goal that is not the last is no success yet: its verdict is an
 * attempt that is not correct, with `{ kind: "goal", reached: <number from 1> }`, and the teacher
 * announces the next one. Counts turns itself, so it serves one dialogue.
 */
const evolving = (
  first: Task,
  later: NonNullable<StagedTask["laterGoals"]>,
  parties: Parties
): Parties => {
  let turns = 0
  let goal = 0
  let announce = false
  const current = (): Task => later[goal - 1]?.task ?? first
  return {
    verifier: {
      check: (_task, text) =>
        Effect.map(parties.verifier.check(current(), text), (verdict) => {
          turns++
          const next = later[goal]
          if (next === undefined) return verdict
          const reached = isCorrect(verdict)
          if (!reached && turns < next.afterTurn) return verdict
          goal++
          announce = true
          return reached
            ? { _tag: "Attempt", correct: false, diagnostics: { kind: "goal", reached: goal } }
            : verdict
        })
    },
    teacher: {
      reply: (state: DialogueState) => {
        const announced = later[goal - 1]
        if (announce && announced !== undefined) {
          announce = false
          return Effect.succeed({ text: announced.announcement, disclosed: [] })
        }
        return parties.teacher.reply({ ...state, task: current() })
      }
    }
  }
}

/** The parties of one dialogue about a staged task. */
export const stagedParties = (staged: StagedTask, parties: Parties): Parties => {
  const { laterGoals = [], script, task } = staged
  const told = script === undefined ? parties : { ...parties, teacher: scripted(script) }
  return laterGoals.length === 0 ? told : evolving(task, laterGoals, told)
}
