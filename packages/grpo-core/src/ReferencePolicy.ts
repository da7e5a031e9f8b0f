/** The policy that a KL penalty is against. */
import { type Datum, Learner, type LearnerError } from "@sml/policy"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/**
 * Log-probabilities (nats) of every target under a policy that does not learn, shaped as the data's
 * weights. `update` asks for it when there is a penalty against it, and only then.
 */
export class ReferencePolicy extends Context.Service<
  ReferencePolicy,
  {
    readonly logprobs: (
      data: ReadonlyArray<Datum>
    ) => Effect.Effect<ReadonlyArray<ArrayLike<number>>, LearnerError>
  }
>()("@sml/grpo-core/ReferencePolicy") {
  /**
   * An engine of its own that nobody trains: the given layer is built a second time, so that the
   * layer of the learner can be given again.
   */
  static readonly layerEngine = <A, E, R>(
    engine: Layer.Layer<A | Learner, E, R>
  ): Layer.Layer<ReferencePolicy, E, R> =>
    Layer.effect(
      ReferencePolicy,
      Effect.map(Learner, ({ forward }) => ReferencePolicy.of({ logprobs: forward }))
    ).pipe(Layer.provide(Layer.fresh(engine)))
}
