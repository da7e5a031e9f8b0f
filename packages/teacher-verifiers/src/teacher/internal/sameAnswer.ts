/** Whether a candidate is the reference answer: until the verifier is here, exact values only. */
import { equalRationals, parseRational } from "../../nano/Rational.ts"

export const sameAnswer = (reference: string, candidate: string): boolean => {
  const a = parseRational(reference)
  const b = parseRational(candidate)
  return reference === candidate || (a !== undefined && b !== undefined && equalRationals(a, b))
}
