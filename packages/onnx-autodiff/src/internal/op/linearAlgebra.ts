import { type FloatType } from "../../DataType.ts"
import { formatShape, type Shape } from "../../Shape.ts"
import { type Value } from "../../Value.ts"
import { transpose } from "./layout.ts"
import { broadcast, checkSameType, checkType } from "./operands.ts"

/** How `matMul` reads its operands. */
export interface MatMulOptions {
  /** Multiplies the product; 1 unless given. */
  readonly alpha?: number
  /** Read `a` with its last two dimensions exchanged. */
  readonly transA?: boolean
  /** Read `b` with its last two dimensions exchanged. */
  readonly transB?: boolean
  /** Read `a` with its first dimension moved to the second-last place (before `transA`):
   * `[M, …batch, K]` is read as `[…batch, M, K]`, without a copy. */
  readonly transBatchA?: boolean
  /** The same for `b`. */
  readonly transBatchB?: boolean
}

/** The permutation that `transBatchA` and `transA` stand for. */
export const matMulPermutation = (
  rank: number,
  trans: boolean,
  transBatch: boolean
): ReadonlyArray<number> => {
  const perm = Array.from({ length: rank }, (_, axis) => axis)
  if (transBatch) perm.splice(rank - 2, 0, ...perm.splice(0, 1))
  if (trans) perm.push(...perm.splice(rank - 2, 1))
  return perm
}

/**
 * The matrix product of the last two dimensions, `[…, M, K] × […, K, N] → […, M, N]`, with
 * broadcasting over the others. With options and float32 it is one `com.microsoft.FusedMatMul`, in
 * which transposes and `alpha` are free; in float64 it is built from plain operators. Both operands
 * need two dimensions or more.
 *
 * The gradient of a two-dimensional `b` under a batched `a` is one product over the flattened batch.
 */
export const matMul = <D extends FloatType>(
  a: Value<D>,
  b: Value<NoInfer<D>>,
  options: MatMulOptions = {}
): Value<D> => {
  const { alpha = 1, transA = false, transB = false } = options
  const { transBatchA = false, transBatchB = false } = options
  const graph = a.graph
  const fused = alpha !== 1 || transA || transB || transBatchA || transBatchB
  const operator = fused ? "FusedMatMul" : "MatMul"
  checkType(operator, a, "float32", "float64")
  checkSameType(operator, a, b)
  if (a.rank < 2 || b.rank < 2) {
    graph.failShape(
      operator,
      `takes tensors of two dimensions or more and got ${formatShape(a.shape)} and ${formatShape(b.shape)}`
    )
  }
  if ((transBatchA || transBatchB) && (a.rank !== b.rank || a.rank < 3)) {
    graph.failShape(
      operator,
      `takes two tensors of one rank, 3 or more, with transBatch and got ${formatShape(a.shape)} and ${formatShape(b.shape)}`
    )
  }
  const permA = matMulPermutation(a.rank, transA, transBatchA)
  const permB = matMulPermutation(b.rank, transB, transBatchB)
  const left = permA.map((axis) => a.shape[axis] ?? 1)
  const right = permB.map((axis) => b.shape[axis] ?? 1)
  if (left[a.rank - 1] !== right[b.rank - 2]) {
    graph.failShape(
      operator,
      `the inner dimensions of ${formatShape(left)} and ${formatShape(right)} differ`
    )
  }
  const batch = broadcast(graph, operator, left.slice(0, -2), right.slice(0, -2))
  const shape: Shape = [...batch, ...left.slice(-2, -1), ...right.slice(-1)]
  if (!fused) return graph.append("MatMul", [a, b], {}, a.dtype, shape)
  if (a.dtype === "float64") {
    // onnxruntime has no float64 kernel for the fused operator
    const product = matMul(transpose(a, permA), transpose(b, permB))
    if (alpha === 1) return product
    return graph.append("Mul", [product, graph.scalar("float64", alpha)], {}, a.dtype, shape)
  }
  const attributes = {
    alpha,
    transA: Number(transA),
    transB: Number(transB),
    transBatchA: Number(transBatchA),
    transBatchB: Number(transBatchB)
  }
  return graph.append("FusedMatMul", [a, b], attributes, a.dtype, shape)
}
