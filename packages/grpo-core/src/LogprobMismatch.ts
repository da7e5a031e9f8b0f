/** The learner and the sampler disagree about the policy. */
import * as Schema from "effect/Schema"

/**
 * The log-probability of a trained token under the learner differs from the one it was sampled with
 * by more than `tolerance` (nats). `turn` and `token` count from 1; `token` is the place in its turn.
 */
export class LogprobMismatch extends Schema.TaggedError<LogprobMismatch>()("LogprobMismatch", {
  episode: Schema.String,
  turn: Schema.Int,
  token: Schema.Int,
  sampled: Schema.Number,
  learned: Schema.Number,
  tolerance: Schema.Number
}) {
  /** Size of the difference, in nats. */
  get difference(): number {
    return Math.abs(this.learned - this.sampled)
  }

  override get message(): string {
    return `Episode ${this.episode}, student turn ${this.turn}, token ${this.token}: log-probability ${this.sampled} when sampled but ${this.learned} for the learner, ${this.difference.toExponential(1)} apart where ${this.tolerance} is allowed; sample at temperature 1 with the weights that learn.`
  }
}
