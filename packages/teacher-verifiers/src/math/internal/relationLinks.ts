/** The sides of equations and the links of inequalities. */
import type { Expression, Relation } from "./Expression.ts"

/** One link of a chain of inequalities, with the smaller side first. */
export interface Link {
  readonly low: Expression
  readonly high: Expression
  readonly op: "<" | "<=" | "!="
}

/** The sides of a single equation. */
export const equationSides = (
  e: Expression
): { readonly low: Expression; readonly high: Expression } | undefined => {
  if (e.t !== "relation" || e.rest.length !== 1) return undefined
  const [link] = e.rest
  if (link === undefined || link.op !== "=") return undefined
  return { low: e.first, high: link.e }
}

const flipped = new Map<Relation, "<" | "<=">([
  [">", "<"],
  [">=", "<="]
])

/** The links of a chain of inequalities from the smallest side up; undefined for anything else. */
export const linksOf = (e: Expression): ReadonlyArray<Link> | undefined => {
  if (e.t !== "relation") return undefined
  const links: Array<Link> = []
  let direction: "up" | "down" | undefined
  let left = e.first
  for (const { e: right, op } of e.rest) {
    if (op === "!=") {
      if (e.rest.length > 1) return undefined
      links.push({ low: left, high: right, op })
    } else if (op === "<" || op === "<=") {
      if (direction === "down") return undefined
      direction = "up"
      links.push({ low: left, high: right, op })
    } else {
      const turned = flipped.get(op)
      if (turned === undefined || direction === "up") return undefined
      direction = "down"
      links.push({ low: right, high: left, op: turned })
    }
    left = right
  }
  return direction === "down" ? links.toReversed() : links
}
