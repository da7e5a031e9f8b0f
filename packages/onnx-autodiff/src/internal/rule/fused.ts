import { type Value } from "../../Value.ts"
import { add, erf, exp, mul, neg, pow, sigmoid, sub, tanh } from "../op/elementwise.ts"
import { rotaryEmbedding } from "../op/fused.ts"
import { reshape } from "../op/layout.ts"
import { matMul } from "../op/linearAlgebra.ts"
import { reduceSum } from "../op/reduction.ts"
import { aligned, type Cotangent, full, refuse, rule, scale, times } from "../Rule.ts"

const isType = <D extends "float32" | "int64">(
  value: Value | undefined,
  dtype: D
): value is Value<D> => value !== undefined && value.dtype === dtype

/** Gradients of the operators that onnxruntime runs as one kernel. */
export const fusedRules = {
  Gelu: rule<"Gelu">(({ g, node, x }) => {
    const z = x(0)
    if (!isType(z, "float32")) return []
    if (node.attributes.approximate === "tanh") {
      // y = z/2 · (1 + t), t = tanh(u), u = c (z + k z³)
      const c = Math.sqrt(2 / Math.PI)
      const k = 0.044715
      const square = mul(z, z)
      const t = tanh(mul(z, add(mul(square, c * k), c)))
      const slope = mul(sub(1, mul(t, t)), mul(z, add(mul(square, 3 * c * k), c)))
      return [times(g, mul(add(add(t, 1), slope), 0.5))]
    }
    const cdf = mul(add(erf(mul(z, Math.SQRT1_2)), 1), 0.5)
    const density = mul(exp(mul(mul(z, z), -0.5)), 1 / Math.sqrt(2 * Math.PI))
    return [times(g, add(cdf, mul(z, density)))]
  }),
  // y = x·s, s = σ(α x), dy/dx = s + α·y·(1 - s)
  QuickGelu: rule<"QuickGelu">(({ g, node, x, y }) => {
    const { alpha } = node.attributes
    const s = sigmoid(scale(x(0), alpha))
    return [times(g, add(s, mul(scale(y(), alpha), sub(1, s))))]
  }),
  RotaryEmbedding: rule<"RotaryEmbedding">(({ g, needs, node, y }) => {
    if (needs(2) || needs(3)) refuse(node, "the rotation's cosines and sines are not parameters")
    const [, positions, cos, sin] = node.inputs
    const whole = full(g, y())
    return isType(positions, "int64") &&
      isType(cos, "float32") &&
      isType(sin, "float32") &&
      isType(whole, "float32")
      ? [rotaryEmbedding(whole, positions, cos, neg(sin))]
      : []
  }),
  // y = x·r·w, r = (mean(x²) + ε)^(-1/2) is the second output
  SimplifiedLayerNormalization: rule<"SimplifiedLayerNormalization">(
    ({ cotangents, needs, x, y }) => {
      const [input, w] = [x(0), x(1)]
      const r = y(1)
      const width = Number(input.shape.at(-1) ?? 1)
      const [g, gr] = cotangents
      const parts: Array<Cotangent> = []
      const unit = mul(input, r)
      const weighted = g === undefined ? undefined : times(aligned(full(g, y()), input), unit)
      if (g !== undefined && weighted !== undefined && needs(0)) {
        // the mean of g·w·x·r is a product with w
        const mean =
          input.rank === 1
            ? scale(reduceSum(mul(weighted, w), { keepDims: true }), 1 / width)
            : matMul(weighted, reshape(w, [width, 1]), { alpha: 1 / width })
        parts.push(mul(sub(times(g, w), mul(unit, mean)), r))
      }
      if (gr !== undefined && needs(0)) {
        parts.push(mul(input, times(gr, scale(pow(r, 3), -1 / width))))
      }
      const leading = Array.from({ length: input.rank - 1 }, (_, axis) => axis)
      return [
        parts.length === 0 ? undefined : parts.reduce((a, b) => add(a, b)),
        weighted !== undefined && needs(1) ? reduceSum(weighted, { axes: leading }) : undefined
      ]
    }
  )
}
