import { type FloatType } from "../../DataType.ts"
import { productDim } from "../../Dim.ts"
import { type AttributesOf } from "../../Operator.ts"
import { type Shape } from "../../Shape.ts"
import { type Value } from "../../Value.ts"
import { type Cotangent, full, sumTo } from "../Cotangent.ts"
import { reshape, transpose } from "../op/layout.ts"
import { matMul, matMulPermutation } from "../op/linearAlgebra.ts"
import { rule, type RuleContext } from "../Rule.ts"

type Options = AttributesOf<"FusedMatMul">

const plain: Options = { alpha: 1, transA: 0, transB: 0, transBatchA: 0, transBatchB: 0 }

// the shape of an operand with its first dimension in the place that `transBatch` gives it
const batchFirst = (value: Value, transBatch: boolean): Shape =>
  matMulPermutation(value.rank, false, transBatch).map((axis) => value.shape[axis] ?? 1)

// how many of the innermost batch dimensions repeat `b`, while `a` has each of them
const sharedBatch = (a: Value, b: Value, y: Value): number => {
  let count = 0
  for (let axis = y.rank - 3; axis >= 0; axis--) {
    const left = a.shape[axis - y.rank + a.rank]
    const right = b.shape[axis - y.rank + b.rank] ?? 1
    if (right !== 1 || left !== y.shape[axis]) break
    count++
  }
  return count
}

// the innermost batch dimensions joined with the rows: [..., s1, s2, M, K] -> [..., s1*s2*M, K]
const joinRows = (x: Value<FloatType>, count: number): Value<FloatType> => {
  const at = x.rank - 2 - count
  const rows = productDim(x.shape.slice(at, -1))
  return reshape(x, [...x.shape.slice(0, at), rows, ...x.shape.slice(-1)])
}

/**
 * Fewest rows of a product Aᵀ·B that are computed in parts. onnxruntime goes over all rows of the
 * result once for every 128 terms of the sums; a part stays in the cache meanwhile. Two cores,
 * onnxruntime 1.30, [688, 49152]ᵀ·[688, 576]: 163 ms at once, 110 ms in 64 parts; 8192 rows gain nothing.
 */
const tallest = 16_384

// alpha·Aᵀ·B of two matrices
const transposedProduct = (
  a: Value<FloatType>,
  b: Value<FloatType>,
  alpha: number
): Value<FloatType> => {
  const [terms = 1, rows] = a.shape
  const parts = [64, 32, 16].find((count) => typeof rows === "number" && rows % count === 0)
  if (a.dtype !== "float32" || typeof rows !== "number" || rows < tallest || parts === undefined) {
    return matMul(a, b, { alpha, transA: true })
  }
  const columns = b.shape[1] ?? 1
  const product = matMul(
    reshape(a, [terms, parts, rows / parts]),
    reshape(b, [1, terms, columns]),
    { alpha, transA: true, transBatchA: true }
  )
  return reshape(product, [rows, columns])
}

const matMulRule = (
  { needs, x, y }: Pick<RuleContext<"MatMul">, "needs" | "x" | "y">,
  partial: Cotangent,
  options: Options
): ReadonlyArray<Cotangent | undefined> => {
  const { alpha } = options
  const [transA, transB] = [options.transA === 1, options.transB === 1]
  const [transBatchA, transBatchB] = [options.transBatchA === 1, options.transBatchB === 1]
  const [a, b] = [x(0), x(1)]
  const g = full(partial, y())
  const left = (): Cotangent => {
    const da = transA
      ? matMul(b, g, { alpha, transA: transB, transB: true, transBatchA: transBatchB })
      : matMul(g, b, { alpha, transB: !transB, transBatchB })
    return undoBatch(sumTo(da, da.shape, batchFirst(a, transBatchA)), transBatchA)
  }
  const right = (): Cotangent => {
    const shared = transA || transBatchA || transBatchB ? 0 : sharedBatch(a, b, y())
    if (shared > 0) {
      // one product over the joined rows in place of many whose sum is taken
      const rows = joinRows(a, shared)
      const up = joinRows(g, shared)
      const db = transB
        ? matMul(up, rows, { alpha, transA: true })
        : matMul(rows, up, { alpha, transA: true })
      const summed = sumTo(db, db.shape, shapeWithoutBatch(b, shared))
      return reshape(summed, b.shape, b)
    }
    if (transB && !transA && g.rank === 2 && a.rank === 2) return transposedProduct(g, a, alpha)
    const db = transB
      ? matMul(g, a, { alpha, transA: true, transB: transA, transBatchB: transBatchA })
      : matMul(a, g, { alpha, transA: !transA, transBatchA })
    return undoBatch(sumTo(db, db.shape, batchFirst(b, transBatchB)), transBatchB)
  }
  return [needs(0) ? left() : undefined, needs(1) ? right() : undefined]
}

// the shape of b without the innermost batch dimensions (all 1, or absent)
const shapeWithoutBatch = (b: Value, count: number): Shape => [
  ...b.shape.slice(0, Math.max(0, b.rank - 2 - count)),
  ...b.shape.slice(-2)
]

// moves the second-last dimension back to the front
const undoBatch = (g: Cotangent, transBatch: boolean): Cotangent => {
  if (!transBatch) return g
  const perm = g.shape.map((_, axis) => axis)
  perm.unshift(...perm.splice(g.rank - 2, 1))
  return transpose(g, perm)
}

/** Gradients of the matrix products. Their transposes are free in `FusedMatMul`. */
export const linearAlgebraRules = {
  FusedMatMul: rule<"FusedMatMul">((c) => matMulRule(c, c.g, c.node.attributes)),
  MatMul: rule<"MatMul">((c) => matMulRule(c, c.g, plain))
}
