/** What is learnt and what is held out. */
import { mixSeed } from "@sml/env-pomdp"

import { shuffled } from "./internal/shuffled.ts"

/** Keeps the choice apart from the other uses of a seed. */
const holdoutStream = 10

/** The two sides, each in the order of the given items. */
export interface ExampleSplit<A> {
  readonly learnt: ReadonlyArray<A>
  readonly heldOut: ReadonlyArray<A>
}

/**
 * Holds out whole groups, in an order that the seed gives, until at least `share` of the items (and at
 * least one) are held out; the last group left is always learnt. With a share of 0 nothing is held
 * out; with a single group nothing can be.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { splitExamples } from "@sml/offline-sft"
 *
 * const items = [1, 2, 3, 4, 5, 6].map((id) => ({ id, group: `task ${id % 3}` }))
 * const { heldOut, learnt } = splitExamples(items, { share: 0.3, seed: 1 })
 * assert.equal(heldOut.length, 2)
 * assert.ok(learnt.every(({ group }) => group !== heldOut[0]?.group))
 * ```
 */
export const splitExamples = <A extends { readonly group: string }>(
  items: ReadonlyArray<A>,
  { seed, share }: { readonly share: number; readonly seed: number }
): ExampleSplit<A> => {
  if (share === 0) return { learnt: items, heldOut: [] }
  const sizes = new Map<string, number>()
  for (const { group } of items) sizes.set(group, (sizes.get(group) ?? 0) + 1)
  const names = shuffled(Array.from(sizes.keys()), mixSeed(seed, holdoutStream))
  const wanted = Math.max(1, share * items.length)
  const held = new Set<string>()
  let count = 0
  for (const name of names.slice(0, -1)) {
    // a share such as 0.3 · 10 is not exactly 3
    if (count >= wanted - 1e-9) break
    held.add(name)
    count += sizes.get(name) ?? 0
  }
  return {
    learnt: items.filter(({ group }) => !held.has(group)),
    heldOut: items.filter(({ group }) => held.has(group))
  }
}
