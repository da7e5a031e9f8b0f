/** The parts of the data that an objective asks for beyond advantages and log-probabilities. */
import type { Episode } from "@sml/env-pomdp"
import { studentTurns } from "@sml/env-pomdp"
import { type Datum, Learner, objectiveNeeds } from "@sml/policy"
import * as Effect from "effect/Effect"

import type { ReferencePolicy } from "../ReferencePolicy.ts"
import type { UpdateOptions } from "../UpdateOptions.ts"

const floats = (values: ArrayLike<number> | undefined): Float32Array =>
  Float32Array.from(values ?? [])

/** Whether what the student said was cut off. */
const isOverlong = (episode: Episode, turnTokens: number | undefined): boolean =>
  episode.stop === "context-overflow" ||
  (turnTokens !== undefined &&
    studentTurns(episode).some(({ trace }) => (trace?.ids.length ?? 0) >= turnTokens))

/**
 * The data, each with what the objective needs of its episode, of the learner before the first step and
 * of the reference policy; untouched where nothing is needed.
 */
export const prepareData = Effect.fnUntraced(function* (
  data: ReadonlyArray<Datum>,
  episodes: ReadonlyArray<Episode>,
  { objective, turnTokens }: UpdateOptions,
  reference: ReferencePolicy["Service"] | undefined
) {
  const learner = yield* Learner
  const needs = objectiveNeeds(objective)
  const proximal = needs.has("proximal") ? yield* learner.forward(data) : undefined
  const compared =
    needs.has("reference") && reference !== undefined ? yield* reference.logprobs(data) : undefined
  const parts = (index: number, episode: Episode | undefined): Partial<Datum> => ({
    ...(proximal !== undefined && { proximal: floats(proximal[index]) }),
    ...(compared !== undefined && { reference: floats(compared[index]) }),
    ...(needs.has("group") && { group: episode?.state.task.id ?? "" }),
    ...(needs.has("truncated") && {
      truncated: episode !== undefined && isOverlong(episode, turnTokens)
    })
  })
  return data.map((datum, index): Datum => Object.assign(parts(index, episodes[index]), datum))
})
