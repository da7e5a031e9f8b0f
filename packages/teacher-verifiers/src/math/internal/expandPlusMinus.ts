/** `a ± b` stands for two values, `±a ± b` for four, `±a ∓ b` for two. */
import type { Expression } from "./Expression.ts"
import { mapChildren, negated, some } from "./Expression.ts"

const isOpen = (part: Expression): boolean => part.t === "pm"

export const hasPlusMinus = (e: Expression): boolean => some(e, isOpen)

/** Every value; signs go together where a ∓ says so. */
export const expandPlusMinus = (e: Expression): ReadonlyArray<Expression> => {
  const isLinked = some(e, (part) => part.t === "pm" && part.sign === -1)
  let count = 0
  some(e, (part) => {
    if (part.t === "pm") count++
    return false
  })
  const choices = isLinked ? 2 : 2 ** Math.min(count, 6)
  return Array.from({ length: choices }, (_, choice) => {
    let next = 0
    const resolve = (part: Expression): Expression => {
      if (part.t !== "pm") return mapChildren(part, resolve)
      const bit = isLinked ? choice : (choice >> next++) & 1
      const isPlus = (bit === 0) === (part.sign === 1)
      const a = resolve(part.a)
      const b = resolve(part.b)
      return { t: "add", items: [a, isPlus ? b : negated(b)] }
    }
    return resolve(e)
  })
}
