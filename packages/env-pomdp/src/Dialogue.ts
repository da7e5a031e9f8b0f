/** The public conversation. */
import * as Schema from "effect/Schema"

/**
 * How a policy produced an utterance, so that nothing is ever tokenised twice.
 *
 * - `context`: the ids appended to the stream since the previous utterance's `ids` (teacher text and
 *   template tokens); for the first utterance the whole prompt.
 * - `ids`: the sampled ids, the stop token included when one was sampled.
 * - `logprobs`: log-probability (nats) of each of `ids` under the sampling policy.
 *
 * The token stream of a dialogue is `context ++ ids` of each student turn, in order.
 */
export const TokenTrace = Schema.Struct({
  context: Schema.Array(Schema.Int),
  ids: Schema.Array(Schema.Int),
  logprobs: Schema.Array(Schema.Finite)
})
export type TokenTrace = typeof TokenTrace.Type

/**
 * What an utterance cost: tokens read and written, and money where the server tells a price (in its
 * own currency).
 */
export const Usage = Schema.Struct({
  inputTokens: Schema.Int,
  outputTokens: Schema.Int,
  cost: Schema.optionalKey(Schema.Finite)
})
export type Usage = typeof Usage.Type

/**
 * What a student says: text, the token trace when the student is a policy, and the usage when it is a
 * model behind a server that counts.
 */
export const Utterance = Schema.Struct({
  text: Schema.String,
  trace: Schema.optionalKey(TokenTrace),
  usage: Schema.optionalKey(Usage)
})
export type Utterance = typeof Utterance.Type

/** A student turn of the public history. */
export const StudentTurn = Schema.Struct({
  role: Schema.Literal("student"),
  text: Schema.String,
  trace: Schema.optionalKey(TokenTrace),
  usage: Schema.optionalKey(Usage)
})
export type StudentTurn = typeof StudentTurn.Type

/** A teacher turn of the public history; the first one is the task's statement. */
export const TeacherTurn = Schema.Struct({ role: Schema.Literal("teacher"), text: Schema.String })
export type TeacherTurn = typeof TeacherTurn.Type

/** One turn of the public history. */
export const Turn = Schema.Union([TeacherTurn, StudentTurn])
export type Turn = typeof Turn.Type

/** The public history `c_t = u^T_1, u^S_1, …`, oldest first; it begins with the statement. */
export const Dialogue = Schema.Array(Turn)
export type Dialogue = typeof Dialogue.Type
