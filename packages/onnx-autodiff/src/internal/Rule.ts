import { type FloatType } from "../DataType.ts"
import { NotDifferentiable } from "../GraphError.ts"
import { type Node, type OperatorName } from "../Operator.ts"
import { type Value } from "../Value.ts"
import { type Cotangent } from "./Cotangent.ts"

/** What a rule sees of the node that it differentiates. */
export interface RuleContext<K extends OperatorName> {
  readonly node: Node<K>
  /** The gradient with respect to each output; `undefined` is zero. One at least is there. */
  readonly cotangents: ReadonlyArray<Cotangent | undefined>
  /** The gradient with respect to the first output. */
  readonly g: Cotangent
  /** Whether the gradient with respect to this input is wanted. */
  readonly needs: (input: number) => boolean
  /** An input that is a tensor of floating-point numbers. */
  readonly x: (input: number) => Value<FloatType>
  /** An output that is a tensor of floating-point numbers. */
  readonly y: (output?: number) => Value<FloatType>
}

/** The gradient with respect to each input; `undefined` where it is zero or not wanted. */
export type Rule<K extends OperatorName> = (
  context: RuleContext<K>
) => ReadonlyArray<Cotangent | undefined>

/** What is known about the gradient of an operator. */
export type Entry<K extends OperatorName> =
  | { readonly kind: "rule"; readonly rule: Rule<K> }
  | { readonly kind: "zero"; readonly reason: string }
  | { readonly kind: "none"; readonly reason: string }

/** One entry for every operator of the builder. */
export type RuleTable = { readonly [K in OperatorName]: Entry<K> }

/** The operator has this gradient. */
export const rule = <K extends OperatorName>(apply: Rule<K>): Entry<K> => ({
  kind: "rule",
  rule: apply
})

/** No gradient flows through the operator: it is zero wherever it exists, or by definition. */
export const zero = (reason: string) => ({ kind: "zero", reason }) as const

/** The operator has no gradient here; a differentiable path through it is an error. */
export const nonDifferentiable = (reason: string) => ({ kind: "none", reason }) as const

/** Throws the error for a differentiable path through a node that has no gradient. */
export const refuse = (node: Node, reason: string): never => {
  throw new NotDifferentiable({
    operator: node.operator,
    node: node.name,
    reason,
    message:
      `the loss depends on its parameters through ${node.name}, which has no gradient ` +
      `(${reason}); use another operator or Op.stopGradient`
  })
}
