/** On which side of a number another one lies. */
import { valueOf } from "./Assignment.ts"
import type { Expression } from "./Expression.ts"
import { toNumber } from "./Fraction.ts"
import { Fuel, Undecidable } from "./Fuel.ts"
import { realValue } from "./sampleEquality.ts"

/** Without name, unit and percent sign. */
const plain = (e: Expression): Expression => {
  const value = valueOf(e)
  switch (value.t) {
    case "quantity":
      return value.value
    case "percent":
    case "degrees":
      return value.a
    default:
      return value
  }
}

/** Where a number lies from another, as doubles; for the teacher's hint only. */
export const sideOf = (gold: Expression, answer: Expression): "low" | "high" | undefined => {
  const fuel = new Fuel(20_000)
  try {
    const a = plain(gold)
    const b = plain(answer)
    const x = a.t === "num" ? toNumber(a.value) : realValue(fuel, a)
    const y = b.t === "num" ? toNumber(b.value) : realValue(fuel, b)
    if (x === undefined || y === undefined || x === y) return undefined
    return y < x ? "low" : "high"
  } catch (error) {
    if (error instanceof Undecidable) return undefined
    throw error
  }
}
