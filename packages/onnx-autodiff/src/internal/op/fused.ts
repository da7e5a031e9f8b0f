import { type FloatType } from "../../DataType.ts"
import { equalShapes, formatShape } from "../../Shape.ts"
import { type Value } from "../../Value.ts"
import { add, div, mul, sigmoid, sqrt } from "./elementwise.ts"
import { checkSameType, checkType } from "./operands.ts"
import { reduceMean } from "./reduction.ts"

/**
 * Root-mean-square normalisation of the last dimension, `x / √(mean(x²) + ε) · scale`, in float32 in
 * one pass (onnxruntime's `SimplifiedLayerNormalization`). `scale` has the shape of the last dimension.
 * Source: Zhang and Sennrich 2019, "Root Mean Square Layer Normalization".
 */
export const rmsNorm = <D extends FloatType>(
  x: Value<D>,
  scale: Value<NoInfer<D>>,
  epsilon = 1e-5
): Value<D> => {
  const graph = x.graph
  const operator = "SimplifiedLayerNormalization"
  checkType(operator, x, "float32", "float64")
  checkSameType(operator, x, scale)
  if (!equalShapes(scale.shape, x.shape.slice(-1))) {
    graph.failShape(
      operator,
      `the scale ${formatShape(scale.shape)} is not the last dimension of ${formatShape(x.shape)}`
    )
  }
  if (x.dtype === "float64") {
    // onnxruntime's kernel keeps the inverse deviation in float32
    const square = reduceMean(mul(x, x), { axes: [-1], keepDims: true })
    return mul(div(x, sqrt(add(square, epsilon))), scale)
  }
  const [y] = graph.appendMany(operator, [x, scale], { axis: -1, epsilon, stash_type: 1 }, [
    { dtype: x.dtype, shape: x.shape },
    { dtype: x.dtype, shape: [...x.shape.slice(0, -1), 1] }
  ])
  return y ?? graph.fail(operator, "has no output")
}

/** `x · sigmoid(x)`; in float32 one pass (`com.microsoft.QuickGelu`). */
export const silu = <D extends FloatType>(x: Value<D>): Value<D> => {
  checkType("QuickGelu", x, "float32", "float64")
  if (x.dtype === "float64") return mul(x, sigmoid(x))
  return x.graph.append("QuickGelu", [x], { alpha: 1 }, x.dtype, x.shape)
}

/** `x · Φ(x)`, the Gaussian error linear unit; `"tanh"` is the approximation that many models use. */
export const gelu = (
  x: Value<"float32">,
  approximate: "none" | "tanh" = "none"
): Value<"float32"> => {
  checkType("Gelu", x, "float32")
  return x.graph.append("Gelu", [x], { approximate }, x.dtype, x.shape)
}

/**
 * Rotary position embedding of queries or keys, halves rotated against each other ("non-interleaved",
 * the Llama layout in Hugging Face checkpoints): `x` is `[B, H, S, D]` or `[B, S, H*D]`,
 * `positionIds` int64 `[B, S]`, `cos` and `sin` `[maxPositions, D/2]`. Its gradient is the rotation by
 * the negative angles; `cos` and `sin` have none. Source: Su et al. 2021, "RoFormer".
 */
export const rotaryEmbedding = (
  x: Value<"float32">,
  positionIds: Value<"int64">,
  cos: Value<"float32">,
  sin: Value<"float32">
): Value<"float32"> => {
  const graph = x.graph
  checkType("RotaryEmbedding", x, "float32")
  checkType("RotaryEmbedding", positionIds, "int64")
  const half = cos.shape.at(-1)
  const width = x.shape.at(-1)
  const batch = x.shape[0]
  const length = x.shape.at(x.rank === 4 ? 2 : 1)
  const fits =
    (x.rank === 3 || x.rank === 4) &&
    typeof half === "number" &&
    typeof width === "number" &&
    (x.rank === 4 ? width === 2 * half : width % (2 * half) === 0) &&
    cos.rank === 2 &&
    equalShapes(cos.shape, sin.shape) &&
    equalShapes(positionIds.shape, [batch ?? 1, length ?? 1])
  if (!fits) {
    graph.failShape(
      "RotaryEmbedding",
      `x ${formatShape(x.shape)}, positions ${formatShape(positionIds.shape)}, cos ` +
        `${formatShape(cos.shape)} and sin ${formatShape(sin.shape)} do not fit; see Op.rotaryEmbedding`
    )
  }
  // zeros: head size from the caches, rotation of the whole head
  const attributes = { interleaved: 0, num_heads: 0, rotary_embedding_dim: 0 }
  return graph.append("RotaryEmbedding", [x, positionIds, cos, sin], attributes, x.dtype, x.shape)
}
