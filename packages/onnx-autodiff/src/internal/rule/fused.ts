import { type Value } from "../../Value.ts"
import { type Cotangent, full, scale, times } from "../Cotangent.ts"
import { add, erf, exp, mul, neg, sigmoid, sub, tanh } from "../op/elementwise.ts"
import { rotaryEmbedding } from "../op/fused.ts"
import { reshape, reshapeLike } from "../op/layout.ts"
import { matMul } from "../op/linearAlgebra.ts"
import { refuse, rule } from "../Rule.ts"

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
  // y = x·r·w, where r = (mean(x²) + ε)^(-1/2) is the second output: with p = g·x,
  // dx = r·(g·w - x·r²·mean(p·w)) and dw = Σ r·p; both sums are products of matrices
  SimplifiedLayerNormalization: rule<"SimplifiedLayerNormalization">(
    ({ cotangents, needs, x, y }) => {
      const [input, w, r] = [x(0), x(1), y(1)]
      const width = Number(input.shape.at(-1) ?? 1)
      const [partial, gr] = cotangents
      const parts: Array<Cotangent> = []
      let dw: Cotangent | undefined
      if (partial !== undefined) {
        const g = full(partial, y())
        const p = reshape(mul(g, input), [-1, width])
        if (needs(0)) {
          const mean = reshapeLike(matMul(p, reshape(w, [width, 1]), { alpha: 1 / width }), r)
          parts.push(mul(sub(mul(g, w), mul(input, mul(mul(r, r), mean))), r))
        }
        if (needs(1)) dw = reshape(matMul(reshape(r, [1, -1]), p), [width])
      }
      if (gr !== undefined && needs(0)) {
        parts.push(mul(input, times(gr, scale(mul(mul(r, r), r), -1 / width))))
      }
      return [parts.length === 0 ? undefined : parts.reduce((a, b) => add(a, b)), dw]
    }
  )
}
