import { type FloatType } from "./DataType.ts"
import { type Value } from "./Value.ts"

/** Settings of `gradient`. */
export interface GradientOptions {
  /** The gradient of some later quantity with respect to `loss`, of its shape; makes the result a
   * vector-Jacobian product, so that `loss` need not be a scalar. */
  readonly seed?: Value<FloatType>
}

/** The gradient of `loss` with respect to each value of `wrt`, appended to the graph. */
export const gradient = <const W extends ReadonlyArray<Value<FloatType>>>(
  loss: Value<FloatType>,
  wrt: W,
  options: GradientOptions = {}
): { readonly [I in keyof W]: W[I] } => {
  void wrt
  void options
  return loss.graph.fail("Gradient", "is being written")
}
