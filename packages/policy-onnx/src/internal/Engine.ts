/** What sampler and learner ask of an engine, whatever it runs on. */
import type { Completion } from "@sml/policy"
import type * as Effect from "effect/Effect"

import type { CommandName, Commands, Counters, RequestHeader, Vocabulary } from "./protocol.ts"

/** Hears of every id as it is sampled, with its untempered log-probability. */
export type Listener = (id: number, rawLogprob: number) => void

/** What is asked for besides the prompt. */
export type Request = Omit<RequestHeader, "id" | "length" | "listens">

/** Failures are whole sentences, for the caller's kind of error. */
export interface Engine {
  /** As of the last answer. */
  readonly counters: Counters
  /** Samples a completion. Interruption withdraws the request. */
  readonly generate: (
    request: Request,
    tokens: Int32Array,
    listener?: Listener
  ) => Effect.Effect<Completion, string>
  /** Tells the engine what its ids spell, for the stop strings of later requests. */
  readonly describeVocabulary: (vocabulary: Vocabulary) => void
  /** Runs a command after all that were sent before it. Interruption withdraws it. */
  readonly command: <K extends CommandName>(
    command: K,
    payload: Commands[K]["payload"],
    transfer?: ReadonlyArray<ArrayBufferLike>
  ) => Effect.Effect<Commands[K]["reply"], string>
}
