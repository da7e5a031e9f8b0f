import { rules } from "./internal/rules.ts"
import { type OperatorName, operators } from "./Operator.ts"

/** What `gradient` does at an operator: apply its rule, let nothing through because the gradient is
 * zero, or fail with `NotDifferentiable`. */
export type Differentiability =
  | { readonly kind: "rule" }
  | { readonly kind: "zero" | "none"; readonly reason: string }

const isOperator = (name: string): name is OperatorName => name in operators

/**
 * How each operator of the builder behaves under `gradient`.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { differentiability } from "@sml/onnx-autodiff"
 *
 * assert.equal(differentiability("MatMul").kind, "rule")
 * assert.equal(differentiability("StopGradient").kind, "zero")
 * ```
 */
export const differentiability = (operator: OperatorName): Differentiability => {
  const entry = rules[operator]
  return entry.kind === "rule" ? { kind: "rule" } : { kind: entry.kind, reason: entry.reason }
}

/** The name of every operator of the builder. */
export const operatorNames: ReadonlyArray<OperatorName> = Object.keys(operators).filter(isOperator)
