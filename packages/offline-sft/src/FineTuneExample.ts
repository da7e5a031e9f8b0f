/** One token stream to imitate. */
import type { Episode, MissingTrace } from "@sml/env-pomdp"
import { episodeTraces } from "@sml/env-pomdp"
import type { Datum, DatumError } from "@sml/policy"
import { streamDatum } from "@sml/policy"
import * as Result from "effect/Result"

/**
 * - `datum`: the tokens with weight 1 on what is to be imitated and 0 on everything else.
 * - `group`: what it is about; examples of one group are held out together and, where tasks are
 *   balanced, count together.
 */
export interface FineTuneExample {
  readonly datum: Datum
  readonly group: string
}

/**
 * A dialogue as an example: weight 1 on what the student said, through the token streams that GRPO is
 * trained on (`episodeTraces`, `streamDatum`); nothing is tokenised again. Its group is its task.
 */
export const dialogueExample = (
  episode: Episode
): Result.Result<FineTuneExample, MissingTrace | DatumError> =>
  Result.map(
    Result.flatMap(episodeTraces(episode), (traces) =>
      streamDatum(traces, { label: episode.state.episode })
    ),
    (datum) => ({ datum, group: episode.state.task.id })
  )
