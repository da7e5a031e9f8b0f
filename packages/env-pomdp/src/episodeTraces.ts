/** The token stream behind an episode, for whoever trains on it. */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

import type { TokenTrace } from "./Dialogue.ts"
import type { Episode } from "./Episode.ts"
import { studentTurns } from "./Episode.ts"

/** A student turn was recorded without its tokens. `turn` counts from 1. */
export class MissingTrace extends Schema.TaggedError<MissingTrace>()("MissingTrace", {
  episode: Schema.String,
  turn: Schema.Int
}) {
  override get message(): string {
    return `Episode ${this.episode}, student turn ${this.turn}: no token trace was recorded; train on episodes of a student that is a policy.`
  }
}

/** The token traces of the student's turns, in order; fails at the first turn that has none. */
export const episodeTraces = (
  episode: Episode
): Result.Result<ReadonlyArray<TokenTrace>, MissingTrace> => {
  const traces: Array<TokenTrace> = []
  for (const { trace } of studentTurns(episode)) {
    if (trace === undefined) {
      return Result.fail(
        new MissingTrace({ episode: episode.state.episode, turn: traces.length + 1 })
      )
    }
    traces.push(trace)
  }
  return Result.succeed(traces)
}
