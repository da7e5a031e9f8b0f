/** Names and the values they are said to have: `x = 5`, `AB = 5`, `(p, q) = (3, 2)`, `x ∈ S`. */
import type { Expression } from "./Expression.ts"
import { some } from "./Expression.ts"

/** A name and the value it is said to have. */
export interface Assignment {
  readonly name: Expression | undefined
  readonly value: Expression
}

/** What stands left of `=` without being part of an equation: x, AB, f(x), sin θ, (p, q), x + y, words. */
const isName = (e: Expression): boolean => {
  switch (e.t) {
    case "sym":
    case "text":
      return true
    case "call":
      return true
    case "mul":
    case "add":
    case "bracket":
    case "list":
      return e.items.every(isName)
    case "fn":
      return e.args.every(isName)
    case "neg":
      return false
    default:
      return false
  }
}

/** The same for names however they are written: letters of products in order, spaces gone. */
export const nameKey = (e: Expression): string => {
  switch (e.t) {
    case "sym":
      return e.name
    case "text":
      return e.text.toLowerCase()
    case "call":
      return `${e.name}${e.args.map(nameKey).join(",")}`
    case "mul":
    case "add":
      return e.items
        .map(nameKey)
        .toSorted()
        .join(e.t === "mul" ? "" : "+")
    case "bracket":
    case "list":
      return `(${e.items.map(nameKey).join(",")})`
    case "fn":
      return `${e.name} ${e.args.map(nameKey).join(",")}`
    case "num":
      return `${e.value.n}/${e.value.d}`
    default:
      return e.t
  }
}

const isConstant = (e: Expression): boolean =>
  !some(e, (part) => part.t === "sym" || part.t === "call")

/**
 * The value that `x = 5`, `AB = 5`, `x = 2 + 3 = 5 ≈ 5.0` or `x ∈ S` gives to a name; undefined for
 * equations such as `2x = 4`, whose left side is no name.
 */
export const asAssignment = (e: Expression): Assignment | undefined => {
  if (e.t !== "relation") return undefined
  const [first] = e.rest
  if (first === undefined) return undefined
  if (e.rest.length === 1 && first.op === "in")
    return isName(e.first) ? { name: e.first, value: first.e } : undefined
  if (e.rest.some((link) => link.op !== "=" && link.op !== "~")) return undefined
  // what follows ≈ is rounded, unless nothing else is given
  const rounded = e.rest.findIndex((link) => link.op === "~")
  const links =
    rounded > 0 ? e.rest.slice(0, rounded) : e.rest.slice(0, rounded === 0 ? 1 : e.rest.length)
  const last = links.at(-1)
  if (last === undefined) return undefined
  if (isName(e.first)) {
    const value = last.e
    // x = 2x - 4 gives no value
    if (e.first.t === "sym") {
      const { name } = e.first
      if (some(value, (part) => part.t === "sym" && part.name === name)) return undefined
    } else if (e.first.t === "add" && !isConstant(value)) return undefined
    return { name: e.first, value }
  }
  if (links.length === 1) {
    if (isConstant(e.first) && isName(last.e)) return { name: last.e, value: e.first }
    if (isConstant(e.first) && isConstant(last.e)) return { name: undefined, value: last.e }
    return undefined
  }
  // a derivation: 2y + 2z = 2(y + z) = 40
  return { name: undefined, value: last.e }
}

/** The value of a named answer; anything else is its own value. */
export const valueOf = (e: Expression): Expression => asAssignment(e)?.value ?? e
