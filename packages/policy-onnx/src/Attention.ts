/**
 * Attention with grouped queries (Vaswani et al. 2017; Ainslie et al. 2023): query head j attends with
 * key-value head ⌊j / (heads / keyValueHeads)⌋.
 *
 *     a = softmax(q·kᵀ / √headSize + mask)·v
 */
import type { ModelConfig } from "@sml/language-model"
import { Op, type Value } from "@sml/onnx-autodiff"

type Floats = Value<"float32">

/**
 * Attention of one layer: queries `[B, heads, T, headSize]`, keys and values
 * `[B, keyValueHeads, T, headSize]`, all rotated; the result has the queries' shape.
 */
export type Attention = (layer: number, q: Floats, k: Floats, v: Floats) => Floats

/** Added to the score of a position that must not be seen; `exp` of it is exactly 0. */
export const hidden = -1e30

/**
 * Causal attention of whole sequences: position t sees the positions up to t. `mask` is `[T, T]`,
 * 0 where the row may see the column and {@link hidden} elsewhere.
 */
export const causalAttention =
  (config: ModelConfig, mask: Floats): Attention =>
  (_, q, k, v) => {
    const scores = Op.add(groupedScores(config, q, k), mask)
    return ungrouped(config, Op.matMul(grouped(config, Op.softmax(scores)), v))
  }

// the query heads that share a key-value head become rows of one product:
// [B, heads, T, N] -> [B, keyValueHeads, heads/keyValueHeads · T, N]
const grouped = (config: ModelConfig, x: Floats): Floats => {
  const last = x.shape.at(-1) ?? 1
  return config.heads === config.keyValueHeads
    ? x
    : Op.reshape(x, [0, config.keyValueHeads, -1, last])
}

const ungrouped = (config: ModelConfig, x: Floats): Floats => {
  const last = x.shape.at(-1) ?? 1
  return config.heads === config.keyValueHeads ? x : Op.reshape(x, [0, config.heads, -1, last])
}

// q·kᵀ / √headSize, [B, heads, T, S]
const groupedScores = (config: ModelConfig, q: Floats, k: Floats): Floats =>
  ungrouped(
    config,
    Op.matMul(grouped(config, q), k, { transB: true, alpha: 1 / Math.sqrt(config.headSize) })
  )

/**
 * Attention of new positions over themselves and over a cache of past ones. `past` gives a layer's
 * keys and values, `[B, keyValueHeads, P, headSize]`; `newMask` is `[T, T]` and `pastMask`
 * `[B, 1, 1, P]`, as in {@link causalAttention}. The new positions come first in the softmax, so
 * that the lanes in use do not depend on `P`.
 */
export const cachedAttention =
  (
    config: ModelConfig,
    past: (layer: number) => readonly [keys: Floats, values: Floats],
    newMask: Floats,
    pastMask: Floats
  ): Attention =>
  (layer, q, k, v) => {
    const [keys, values] = past(layer)
    const here = Op.add(groupedScores(config, q, k), newMask)
    const before = Op.add(groupedScores(config, q, keys), pastMask)
    const [onNew, onPast] = shares(here, before)
    const a = Op.matMul(grouped(config, onNew), v)
    return ungrouped(config, Op.add(a, Op.matMul(grouped(config, onPast), values)))
  }

/**
 * Attention of one new position of each stream over itself and its cache: as {@link cachedAttention}
 * with T = 1, in fewer operators. A product with one column or one row is a matrix product to
 * onnxruntime, too, and takes several times as long as the multiplication that it is.
 */
export const decodingAttention =
  (
    config: ModelConfig,
    past: (layer: number) => readonly [keys: Floats, values: Floats],
    pastMask: Floats
  ): Attention =>
  (layer, q, k, v) => {
    const [keys, values] = past(layer)
    const alpha = 1 / Math.sqrt(config.headSize)
    const queries = grouped(config, q)
    const scaled = Op.mul(k, k.graph.scalar("float32", alpha))
    const here = Op.reduceSum(Op.mul(queries, scaled), { axes: [3], keepDims: true })
    const before = Op.add(Op.matMul(queries, keys, { transB: true, alpha }), pastMask)
    const [onNew, onPast] = shares(here, before)
    return ungrouped(config, Op.add(Op.mul(onNew, v), Op.matMul(onPast, values)))
  }

// one softmax over the scores of new and of cached positions; the new ones come first, so that the
// lanes in use do not depend on how many places there are
const shares = (here: Floats, before: Floats): readonly [onNew: Floats, onPast: Floats] => {
  const seen = Op.softmax(Op.concat([here, before], 3))
  const count = here.shape[3] ?? 1
  return [
    Op.slice(seen, { axis: 3, end: count }),
    Op.assumeShape(Op.slice(seen, { axis: 3, start: count }), before.shape)
  ]
}
