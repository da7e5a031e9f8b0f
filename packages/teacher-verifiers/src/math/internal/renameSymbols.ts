/** Matches the variables of two formulas by the order of the alphabet. */
import type { Expression } from "./Expression.ts"
import { mapChildren, some } from "./Expression.ts"

const namesOf = (e: Expression): ReadonlyArray<string> => {
  const names = new Set<string>()
  some(e, (part) => {
    if (part.t === "sym") names.add(part.name)
    return false
  })
  return [...names].toSorted()
}

/** The answer with its variables named like the reference's, in the order of the alphabet. */
export const renameSymbols = (gold: Expression, answer: Expression): Expression | undefined => {
  const from = namesOf(answer)
  const to = namesOf(gold)
  if (from.length !== to.length || from.every((name, i) => name === to[i])) {
    return undefined
  }
  const rename = (e: Expression): Expression =>
    e.t === "sym" ? { t: "sym", name: to[from.indexOf(e.name)] ?? e.name } : mapChildren(e, rename)
  return rename(answer)
}
