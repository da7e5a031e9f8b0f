/** Whether a candidate is the reference answer, by the math verifier; what it can not decide is not. */
import { compareAnswers } from "../../math/compareAnswers.ts"

const plain = /^-?\d+(?:\.\d+)?$/

export const sameAnswer = (reference: string, candidate: string): boolean =>
  // most numbers of a reply are other plain numbers
  plain.test(reference) && plain.test(candidate) && Number(reference) !== Number(candidate)
    ? false
    : compareAnswers(reference, candidate)._tag === "equal"
