/** The dialogues of an evaluation, in the run folder. */
import type { DomainSummaries } from "@sml/eval-harness"
import type { Run } from "@sml/run-store"
import * as Effect from "effect/Effect"

import type { Conditions, Evaluation } from "./evaluateStudent.ts"
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

/** The evaluation whose dialogues were kept under `when`; its summaries are kept elsewhere. */
export const storedEvaluation = Effect.fn("trainer.storedEvaluation")(function* (
  run: Run,
  when: string,
  known: { readonly summaries: DomainSummaries; readonly seconds: number }
) {
  const { values } = yield* run.readEpisodes
  const conditionsOf = (domain: string): Conditions => {
    const prefix = `${when}/${domain}/`
    const lines = values.filter(({ phase }) => phase.startsWith(prefix))
    return Object.fromEntries(
      Array.from(
        Map.groupBy(lines, ({ phase }) => phase.slice(prefix.length)),
        ([condition, same]) => [condition, same.map(({ episode }) => episode)] as const
      )
    )
  }
  return {
    ...known,
    episodes: { math: conditionsOf("math"), code: conditionsOf("code") }
  } satisfies Evaluation
})
