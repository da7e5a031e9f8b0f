/** Random orders. */
import { uniformStream } from "@sml/env-pomdp"

/** A random order of the items (Fisher–Yates), a function of the seed. */
export const shuffled = <A>(items: ReadonlyArray<A>, seed: number): ReadonlyArray<A> => {
  const uniform = uniformStream(seed)
  const order = [...items]
  for (let last = order.length - 1; last > 0; last--) {
    const other = Math.floor(uniform() * (last + 1))
    const [left, right] = [order[last], order[other]]
    if (left === undefined || right === undefined) continue
    order[last] = right
    order[other] = left
  }
  return order
}
