/** The teacher and the verifier of one staged dialogue. */
import type { Teacher, TeacherReply, Verdict, Verifier } from "@sml/env-pomdp"
import { TeacherError, turnsTaken } from "@sml/env-pomdp"
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
 * The parties of one dialogue about a staged task. They count its turns by the utterances that are
 * judged, so they serve one dialogue.
 */
export const stagedParties = (staged: StagedTask, parties: Parties): Parties => {
  const { announceBefore, judge, script, task, taskAt = () => task } = staged
  const shown: Array<Verdict> = []
  const told = script === undefined ? parties.teacher : scripted(script)
  return {
    verifier: {
      check: (_task, text) => {
        const turn = shown.length
        return Effect.map(parties.verifier.check(taskAt(turn), text), (verdict) => {
          const whole = judge?.(turn, verdict) ?? { verdict }
          shown.push(whole.shown ?? whole.verdict)
          return whole.verdict
        })
      }
    },
    teacher: {
      reply: (state) => {
        const turn = turnsTaken(state)
        const announcement = announceBefore?.(turn)
        return announcement === undefined
          ? told.reply({ ...state, task: taskAt(turn - 1), verdicts: shown })
          : Effect.succeed({ text: announcement, disclosed: [] })
      }
    }
  }
}
