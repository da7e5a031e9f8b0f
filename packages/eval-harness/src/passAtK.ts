/** What `n` tries at one task, `c` of them right, say about `k` tries. */

const check = (tries: number, successes: number, k: number): void => {
  const whole = [tries, successes, k].every(Number.isInteger)
  if (!whole || successes < 0 || successes > tries || k < 1 || k > tries) {
    throw new RangeError(
      `${successes} successes of ${tries} tries say nothing about ${k} tries: give whole numbers with 0 <= successes <= tries and 1 <= k <= tries.`
    )
  }
}

/** C(from, k) / C(of, k): the chance that `k` different ones of `of` all lie among `from` of them. */
const allAmong = (from: number, of: number, k: number): number => {
  if (from < k) return 0
  let product = 1
  for (let taken = 0; taken < k; taken++) product *= (from - taken) / (of - taken)
  return product
}

/**
 * The unbiased estimate of pass@k, the chance that at least one of `k` tries is right:
 * `1 − C(n−c, k) / C(n, k)`. The plug-in estimate `1 − (1 − c/n)^k` is too low.
 *
 * Source: M. Chen et al., "Evaluating Large Language Models Trained on Code" (2107.03374), eq. 1.
 *
 * @throws RangeError unless 0 <= successes <= tries and 1 <= k <= tries.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { passAtK } from "@sml/eval-harness"
 *
 * // of the 10 pairs of 5 tries, 3 hold no success
 * assert.equal(passAtK(5, 2, 2), 0.7)
 * ```
 */
export const passAtK = (tries: number, successes: number, k: number): number => {
  check(tries, successes, k)
  return 1 - allAmong(tries - successes, tries, k)
}

/**
 * The unbiased estimate of pass^k, the chance that ALL of `k` tries are right: `C(c, k) / C(n, k)`.
 *
 * Source: S. Yao et al., "τ-bench" (2406.12045).
 *
 * @throws RangeError unless 0 <= successes <= tries and 1 <= k <= tries.
 */
export const passHatK = (tries: number, successes: number, k: number): number => {
  check(tries, successes, k)
  return allAmong(successes, tries, k)
}
