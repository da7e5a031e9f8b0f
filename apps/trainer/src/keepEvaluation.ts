/** The dialogues of an evaluation, in the run folder. */
import type { Run } from "@sml/run-store"
import * as Effect from "effect/Effect"

import type { Evaluation } from "./evaluateStudent.ts"
import { evaluatedDomains } from "./evaluateStudent.ts"

/** Appends every dialogue under the phase `<when>/<domain>/<condition>`. */
export const keepEvaluation = Effect.fn("trainer.keepEvaluation")(function* (
  run: Run,
  when: string,
  step: number,
  evaluation: Evaluation
) {
  for (const domain of evaluatedDomains) {
    for (const [condition, episodes] of Object.entries(evaluation.episodes[domain])) {
      const phase = `${when}/${domain}/${condition}`
      yield* run.appendEpisodes(episodes.map((episode) => ({ step, phase, episode })))
    }
  }
})
