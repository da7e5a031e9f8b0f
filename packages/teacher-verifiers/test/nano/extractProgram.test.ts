import { extractProgram, parseLinearProgram } from "@sml/teacher-verifiers/nano"
import { assert, describe, it } from "vitest"

describe("extractProgram", () => {
  it("takes an arrow function that begins a line, or the last fenced block", () => {
    for (const [text, program] of [
      ["x => x * 9 + 1", "x => x * 9 + 1"],
      ["  x => x * 9 + 1 .", "x => x * 9 + 1"],
      ["answer: (x) => 3;", "(x) => 3"],
      ["I think\nx => 1\nno,\n`x => 2` it is", "x => 2"],
      ["async x => 1", "async x => 1"],
      ["() => 1", "() => 1"],
      ["x => what ?", "x => what ?"],
      ["```js\nfunction f(x) {\n  return x\n}\n```", "function f(x) {\n  return x\n}"],
      ["```\nx => 1\n```\nor\n```javascript\nx => 2;\n```", "x => 2"],
      ["```python\nlambda x: 1\n```\nx => 3", "x => 3"]
    ]) {
      assert.strictEqual(extractProgram(text ?? ""), program, text)
    }
  })

  it("takes nothing else", () => {
    for (const text of [
      "",
      "what is k ?",
      "x * 9 + 1",
      "is it x => x ?",
      "x = > x",
      "f ( x ) = x * 9 + 1",
      "=> 3",
      "```python\nprint(1)\n```",
      "i am not sure .",
      `x => ${" ".repeat(30_000)} 1`
    ]) {
      assert.strictEqual(extractProgram(text), undefined, text.slice(0, 40))
    }
  })
})

describe("parseLinearProgram", () => {
  it("reads the constants of x * k op m only", () => {
    assert.deepStrictEqual(parseLinearProgram("x => x * 9 + 1"), { k: 9, op: "+", m: 1 })
    assert.deepStrictEqual(parseLinearProgram("(n)=>n*10-0"), { k: 10, op: "-", m: 0 })
    for (const program of [
      "x => 9 * x + 1",
      "x => x * 9",
      "x => y * 9 + 1",
      "x => x * 9 + 1 + 1",
      "x => x * 9 + -1",
      "x => x * 09 + 1",
      "x => x * 1 2 + 1",
      "x => x * 9.5 + 1",
      "answer: 3 3"
    ]) {
      assert.strictEqual(parseLinearProgram(program), undefined, program)
    }
  })
})
