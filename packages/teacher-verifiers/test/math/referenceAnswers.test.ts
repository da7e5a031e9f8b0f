import { compareAnswers } from "@sml/teacher-verifiers/math"
import * as Schema from "effect/Schema"
import { assert, describe, it } from "vitest"

import { isShared, sharedLines } from "./fixture.ts"
import { perturbations, respellings } from "./rewriteAnswer.ts"

const Row = Schema.Struct({ answer: Schema.String })

const check = (answers: ReadonlySet<string>): void => {
  let undecided = 0
  for (const answer of answers) {
    for (const other of respellings(answer)) {
      assert.strictEqual(compareAnswers(answer, other)._tag, "equal", `${answer} | ${other}`)
    }
    for (const other of perturbations(answer)) {
      const comparison = compareAnswers(answer, other)
      assert.notStrictEqual(comparison._tag, "equal", `${answer} | ${other}`)
      if (comparison._tag === "undecided") undecided++
    }
  }
  // divisions by zero that the change of a digit makes
  assert.isAtMost(undecided, 4)
}

describe("reference answers equal themselves in other spellings and no changed ones", () => {
  it.skipIf(!isShared("math500/math500.jsonl"))("MATH-500", () => {
    const answers = new Set(sharedLines("math500/math500.jsonl", Row).map((row) => row.answer))
    assert.isAtLeast(answers.size, 250)
    check(answers)
  })

  it.skipIf(!isShared("gsm8k/test.jsonl"))("GSM8K", () => {
    const answers = new Set(
      sharedLines("gsm8k/test.jsonl", Row).map((row) => row.answer.split("#### ")[1] ?? "")
    )
    assert.isAtLeast(answers.size, 250)
    check(answers)
  })
})
