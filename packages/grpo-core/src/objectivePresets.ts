/** The objectives that go by a name. */
import type { PolicyOptimisation } from "@sml/policy"

/**
 * GRPO (arXiv:2402.03300 eq. 3) without its KL penalty: clipped at ±0.2, mean of each sequence, then of
 * the sequences. (The default objective of `update` averages over tokens.)
 */
export const grpo: PolicyOptimisation = {
  _tag: "PolicyOptimisation",
  surrogate: { _tag: "Clip", low: 0.2, high: 0.2 },
  aggregation: { _tag: "SequenceMean" }
}

/**
 * Dr. GRPO (arXiv:2503.20783): no mean over a sequence's own length, but over the constant `length`,
 * the largest number of tokens that the student can say in an episode. Use it with the advantages
 * `MeanCentred`.
 */
export const drGrpo = (length: number): PolicyOptimisation => ({
  _tag: "PolicyOptimisation",
  surrogate: { _tag: "Clip", low: 0.2, high: 0.2 },
  aggregation: { _tag: "Constant", length }
})

/** DAPO (arXiv:2503.14476): clip higher, mean over tokens, overlong filtering. */
export const dapo: PolicyOptimisation = {
  _tag: "PolicyOptimisation",
  surrogate: { _tag: "Clip", low: 0.2, high: 0.28 },
  aggregation: { _tag: "TokenMean" },
  maskOverlong: true
}

/** GSPO (arXiv:2507.18071 §5.1): one ratio a sequence, with that paper's narrow bounds. */
export const gspo: PolicyOptimisation = {
  _tag: "PolicyOptimisation",
  surrogate: { _tag: "SequenceClip", low: 3e-4, high: 4e-4 },
  aggregation: { _tag: "SequenceMean" }
}

/** CISPO (arXiv:2506.13585), the weight truncated at 5 as in arXiv:2510.13786. */
export const cispo: PolicyOptimisation = {
  _tag: "PolicyOptimisation",
  surrogate: { _tag: "Cispo", high: 4 },
  aggregation: { _tag: "TokenMean" }
}
