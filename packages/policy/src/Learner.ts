/** The port through which a policy learns. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"

import type { Datum } from "./Datum.ts"
import type { Objective } from "./Objective.ts"
import type { AdamW } from "./Optimiser.ts"
import type { LearnerError } from "./PolicyError.ts"

/**
 * What one pass over the data gave. `loss` is the objective's value; `logprobs[i]` has the length of
 * `data[i].weights` and holds the log-probability (nats) of each target under the current weights.
 * Where the weight is 0 it means nothing: an engine computes no logits where no loss falls, and
 * leaves 0 there. `entropies`, of the same shape, are those of the next-token distributions (nats);
 * they are there when the objective has an entropy bonus.
 */
export interface ForwardBackward {
  readonly loss: number
  /** Number of targets with a non-zero weight. */
  readonly trainedTokens: number
  readonly logprobs: ReadonlyArray<Float32Array>
  readonly entropies?: ReadonlyArray<Float32Array>
}

/** `gradNorm` is the global L2 norm before clipping. */
export interface StepResult {
  readonly gradNorm: number
}

/**
 * The four verbs of a training service: accumulate a gradient, apply it, save, restore.
 *
 * - `forwardBackward` adds to the accumulated gradient; the normaliser is that of its own call.
 * - `forward` computes log-probabilities only.
 * - `step` applies the accumulated gradient and clears it.
 * - `save` writes the weights as a Hugging Face folder; `restore` loads the weights of one and
 *   clears the optimiser's state.
 *
 * Training that was stopped goes on where it was: `saveState` writes what `save` writes and whatever
 * else later steps depend on (the optimiser's running means, the number of updates, random streams);
 * `restoreState` reads it, after which every step has the bits that it would have had. An accumulated
 * gradient is not part of it: `restoreState` clears it.
 */
export class Learner extends Context.Service<
  Learner,
  {
    readonly forwardBackward: (
      data: ReadonlyArray<Datum>,
      objective: Objective
    ) => Effect.Effect<ForwardBackward, LearnerError>
    readonly forward: (
      data: ReadonlyArray<Datum>
    ) => Effect.Effect<ReadonlyArray<Float32Array>, LearnerError>
    readonly step: (optimiser: AdamW) => Effect.Effect<StepResult, LearnerError>
    readonly save: (directory: string) => Effect.Effect<void, LearnerError>
    readonly restore: (directory: string) => Effect.Effect<void, LearnerError>
    readonly saveState: (directory: string) => Effect.Effect<void, LearnerError>
    readonly restoreState: (directory: string) => Effect.Effect<void, LearnerError>
  }
>()("@sml/policy/Learner") {}
