/** From logits to the distribution that a token is drawn from. */
import type { SamplingSettings } from "./SamplingSettings.ts"

/** One model's logits: an engine's are in single precision, a reference's in double. */
export type Logits = Float32Array | Float64Array

/**
 * A distribution over token ids, and the scratch space to make it: reused from call to call. Token
 * `ids[i]` has the probability `weights[i] / total` for `i < count`, in increasing order of ids.
 * Where nothing was filtered, token `i` is at place `i` and `ids` is not filled in.
 */
export interface TokenDistribution {
  readonly ids: Int32Array
  readonly weights: Float64Array
  count: number
  filtered: boolean
  /** The sum of the weights. */
  total: number
  /** The largest logit, and the smallest id that has it. */
  largest: number
  best: number
  /** `Σ exp(logit − largest)` over all tokens: the normaliser of `softmax(logits)`. */
  rawTotal: number
}

/** Room for distributions over `size` token ids. */
export const tokenDistribution = (size: number): TokenDistribution => ({
  ids: new Int32Array(size),
  weights: new Float64Array(size),
  count: 0,
  filtered: false,
  total: 0,
  largest: 0,
  best: 0,
  rawTotal: 0
})

/**
 * Makes the distribution of `settings` (see {@link SamplingSettings}; they are taken to be in range)
 * from the `size` logits from `offset` on, in float64 and without allocation. At temperature 0 it is
 * `softmax(logits)`. Returns whether all logits were finite; if not, `into` is meaningless.
 *
 * With `d = logit − largest` and `T` the temperature, a token's weight is `exp(d / T)`. All filters
 * keep the tokens before some place in the order of falling logits and, among equal ones, rising
 * ids; that place is found by partial selection, not by sorting.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { filterDistribution, tokenDistribution } from "@sml/policy"
 *
 * const into = tokenDistribution(4)
 * filterDistribution(Float32Array.of(0, 2, 1, 2), 0, 4, { temperature: 1, topK: 2 }, into)
 * assert.deepEqual([...into.ids.subarray(0, into.count)], [1, 3])
 * assert.deepEqual([...into.weights.subarray(0, into.count)], [1, 1])
 * ```
 */
export const filterDistribution = (
  logits: Logits,
  offset: number,
  size: number,
  settings: SamplingSettings,
  into: TokenDistribution
): boolean => {
  let largest = -Infinity
  let best = 0
  for (let i = 0; i < size; i++) {
    const logit = logits[offset + i] ?? NaN
    if (!Number.isFinite(logit)) return false
    if (logit > largest) {
      largest = logit
      best = i
    }
  }
  into.largest = largest
  into.best = best
  const { minP = 0, temperature, topK = size, topP = 1 } = settings
  const scale = temperature > 0 ? 1 / temperature : 1
  into.filtered = temperature > 0 && (topK < size || topP < 1 || minP > 0)
  if (!into.filtered) {
    into.count = size
    into.total = weigh(logits, offset, size, largest, scale, into.weights)
    into.rawTotal = scale === 1 ? into.total : normaliser(logits, offset, size, largest)
    return true
  }

  const { ids, weights } = into
  // the last token that is kept: its logit and id
  let cut = -Infinity
  let cutId = size
  let kept = size
  if (topK < size) {
    for (let i = 0; i < size; i++) ids[i] = i
    kept = select(logits, offset, ids, size, undefined, topK)
    cutId = ids[kept - 1] ?? 0
    cut = logits[offset + cutId] ?? 0
  }
  if (kept === size && scale === 1) {
    into.rawTotal = weigh(logits, offset, size, largest, 1, weights)
  } else {
    into.rawTotal = normaliser(logits, offset, size, largest)
  }
  if (topP < 1) {
    let mass = 0
    if (kept < size) {
      for (let i = 0; i < kept; i++) {
        const id = ids[i] ?? 0
        const weight = Math.exp(((logits[offset + id] ?? 0) - largest) * scale)
        weights[id] = weight
        mass += weight
      }
    } else {
      mass = scale === 1 ? into.rawTotal : weigh(logits, offset, size, largest, scale, weights)
      // all lighter tokens together weigh less than what may be dropped
      const least = (0.5 * (1 - topP) * mass) / size
      kept = 0
      for (let i = 0; i < size; i++) if ((weights[i] ?? 0) >= least) ids[kept++] = i
    }
    kept = select(logits, offset, ids, kept, weights, topP * mass)
    cutId = ids[kept - 1] ?? 0
    cut = logits[offset + cutId] ?? 0
  }
  // the weight of the most probable token is 1; this spares the exponentials of far lighter ones
  const floor = Math.log(minP) - 1e-6
  let count = 0
  let total = 0
  for (let i = 0; i < size; i++) {
    const logit = logits[offset + i] ?? 0
    if (logit < cut || (logit === cut && i > cutId)) continue
    const exponent = (logit - largest) * scale
    if (exponent < floor) continue
    const weight = Math.exp(exponent)
    if (weight < minP) continue
    ids[count] = i
    weights[count] = weight
    count += 1
    total += weight
  }
  into.count = count
  into.total = total
  return true
}

/** Writes the weights `exp((logit − largest)·scale)` and returns their sum. */
const weigh = (
  logits: Logits,
  offset: number,
  size: number,
  largest: number,
  scale: number,
  weights: Float64Array
): number => {
  let total = 0
  for (let i = 0; i < size; i++) {
    const weight = Math.exp(((logits[offset + i] ?? 0) - largest) * scale)
    weights[i] = weight
    total += weight
  }
  return total
}

/** `Σ exp(logit − largest)`, summed as `weigh` does at scale 1. */
const normaliser = (logits: Logits, offset: number, size: number, largest: number): number => {
  let total = 0
  for (let i = 0; i < size; i++) total += Math.exp((logits[offset + i] ?? 0) - largest)
  return total
}

/**
 * Reorders `ids[0 … length)` so that the shortest beginning of their order (falling logits, rising
 * ids) whose weight reaches `target` comes first, itself in no order, its last token at its end.
 * Returns the length of that beginning; all of it where rounding keeps the sum below `target`.
 * Every token weighs 1 without `weights`. Hoare's quickselect: linear time on average.
 */
const select = (
  logits: Logits,
  offset: number,
  ids: Int32Array,
  length: number,
  weights: Float64Array | undefined,
  target: number
): number => {
  let low = 0
  let high = length - 1
  let rest = target
  while (low < high) {
    // the middle of three guards against sorted input
    const middle = (low + high) >> 1
    if (before(logits, offset, ids, middle, low)) swap(ids, middle, low)
    if (before(logits, offset, ids, high, middle)) {
      swap(ids, high, middle)
      if (before(logits, offset, ids, middle, low)) swap(ids, middle, low)
    }
    swap(ids, middle, high)
    const pivotId = ids[high] ?? 0
    const pivot = logits[offset + pivotId] ?? 0
    let at = low
    let mass = 0
    for (let i = low; i < high; i++) {
      const id = ids[i] ?? 0
      const logit = logits[offset + id] ?? 0
      if (logit > pivot || (logit === pivot && id < pivotId)) {
        mass += weights === undefined ? 1 : (weights[id] ?? 0)
        ids[i] = ids[at] ?? 0
        ids[at] = id
        at += 1
      }
    }
    swap(ids, at, high)
    if (rest <= mass) {
      high = at - 1
      continue
    }
    rest -= mass + (weights === undefined ? 1 : (weights[pivotId] ?? 0))
    if (rest <= 0) return at + 1
    low = at + 1
  }
  return Math.min(low + 1, length)
}

const before = (
  logits: Logits,
  offset: number,
  ids: Int32Array,
  left: number,
  right: number
): boolean => {
  const a = ids[left] ?? 0
  const b = ids[right] ?? 0
  const x = logits[offset + a] ?? 0
  const y = logits[offset + b] ?? 0
  return x > y || (x === y && a < b)
}

const swap = (ids: Int32Array, left: number, right: number): void => {
  const id = ids[left] ?? 0
  ids[left] = ids[right] ?? 0
  ids[right] = id
}
