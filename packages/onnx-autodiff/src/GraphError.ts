import * as Schema from "effect/Schema"

const where = { operator: Schema.String, node: Schema.String, message: Schema.String }

/** Shapes that do not fit the operator, or a broadcast that is ambiguous because two different
 * symbols meet. `node` is the name that the node would have had. */
export class ShapeError extends Schema.TaggedError<ShapeError>()("ShapeError", where) {}

/** An element type that the operator does not take. */
export class DataTypeError extends Schema.TaggedError<DataTypeError>()("DataTypeError", where) {}

/** An argument that makes no graph: an axis out of range, a name used twice, an empty list, or
 * values of two different graphs. */
export class ArgumentError extends Schema.TaggedError<ArgumentError>()("ArgumentError", where) {}

/** A differentiable path runs through an operator that has no gradient. */
export class NotDifferentiable extends Schema.TaggedError<NotDifferentiable>()(
  "NotDifferentiable",
  { ...where, reason: Schema.String }
) {}

/** The model does not fit into one protobuf message (2 GB). */
export class ModelTooLarge extends Schema.TaggedError<ModelTooLarge>()("ModelTooLarge", {
  bytes: Schema.Number,
  limit: Schema.Number,
  message: Schema.String
}) {}

/** Everything that building, differentiating and serialising a graph can fail with. */
export const GraphError = Schema.Union([
  ShapeError,
  DataTypeError,
  ArgumentError,
  NotDifferentiable,
  ModelTooLarge
])

/** Everything that building, differentiating and serialising a graph can fail with. */
export type GraphError = typeof GraphError.Type

/** Whether a thrown value is one of this package's errors. */
export const isGraphError: (error: unknown) => error is GraphError = Schema.is(GraphError)
