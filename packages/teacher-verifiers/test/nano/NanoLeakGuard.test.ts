import type { CodeKnowledge, MathKnowledge } from "@sml/teacher-verifiers/nano"
import { leaks, leaksPiecewise, statedPieces } from "@sml/teacher-verifiers/nano"
import { assert, describe, it } from "vitest"

const math: MathKnowledge = { kind: "math", answer: 33, a: 40, b: 7, op: "-" }
const code: CodeKnowledge = {
  kind: "code",
  reference: "x => x * 9 - 1",
  k: 9,
  m: 1,
  op: "-",
  hiddenInputs: [0, 1],
  entry: "f"
}

describe("leaks", () => {
  it("finds the number however it is written", () => {
    for (const text of [
      "c is 3 3 .",
      "it is 33",
      "\\boxed{33}",
      "33.0",
      "66/2",
      "40 - 7 = 33",
      "x-33",
      "(3 3)",
      "try 32 or 33"
    ]) {
      assert.isTrue(leaks(math, text), text)
    }
    for (const text of [
      "b is 7 .",
      "a is 4 0 .",
      "1 3 3",
      "333",
      "3",
      "it is too low .",
      "33/2",
      ""
    ]) {
      assert.isFalse(leaks(math, text), text)
    }
  })

  it("finds the program however its operands are arranged", () => {
    for (const text of [
      "x => x * 9 - 1",
      "f ( x ) = x * 9 - 1 .",
      "it is 9 * x - 1, see?",
      "use 9x-1",
      "`(x) => (x * 9) - 1`",
      "return -1 + x*9"
    ]) {
      assert.isTrue(leaks(code, text), text)
    }
    for (const text of [
      "k is 9 .",
      "x * 9 - 1 0",
      "x * 9 + 1",
      "x * 19 - 1",
      "x * 9",
      "f ( 2 ) = 1 7 ."
    ]) {
      assert.isFalse(leaks(code, text), text)
    }
    const proportional: CodeKnowledge = { ...code, reference: "x => x * 9 + 0", m: 0, op: "+" }
    assert.isTrue(leaks(proportional, "f ( x ) = x * 9 ."))
    const shift: CodeKnowledge = { ...code, reference: "x => x * 1 - 1", k: 1 }
    assert.isTrue(leaks(shift, "f(x) = x - 1"))
  })
})

describe("leaksPiecewise", () => {
  it("puts the pieces of several texts together", () => {
    const statement = "write f ( x ) = x * k - m . f ( 1 ) = 8 ."
    for (const [texts, pieces] of [
      [[statement], ""],
      [[statement, "k is 9 ."], "k"],
      [[statement, "k is 8 .", "m = 2"], ""],
      [[statement, "K equals 9", "the value of m should be 1"], "k,m"],
      [[statement, "f ( 0 ) should be - 1 but gives 5 ."], "m"],
      [[statement, "f(0) = 1"], ""],
      [["write f ( x ) = x * k - m . f ( 0 ) = - 1 .", "k is 9 ."], "k,m"],
      [[statement, "f ( 1 0 ) should be - 1"], ""]
    ] as const) {
      assert.strictEqual(Array.from(statedPieces(code, texts)).join(), pieces, texts.join(" | "))
      assert.strictEqual(leaksPiecewise(code, texts), pieces === "k,m")
    }
  })

  it("puts the digits of a number together", () => {
    assert.isTrue(leaksPiecewise(math, ["the first digit is 3 .", "the second digit is 3 ."]))
    assert.isFalse(leaksPiecewise(math, ["the first digit is 3 .", "the second digit is right ."]))
  })
})
