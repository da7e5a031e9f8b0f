import { assert, describe, it } from "@effect/vitest"
import { extractCode } from "@sml/teacher-verifiers"

const programs = {
  python: [
    "print(1)",
    "x, y = map(int, input().split())\nprint(x + y)\n",
    "# adds\n\nimport math\nfrom typing import List\n\n@cache\ndef f(x: int) -> int:\n    return x\n\nclass A:\n    pass\nif __name__ == '__main__':\n    f(1)\nelse:\n    pass\n",
    "    for x in y:\n        return x\n    return 1\n",
    'def f(x):\n    """ Says\nwhat it does.\n    """\n    return x',
    "a[0] = 1\na.b += 2\nx: int = 3\nfor i in range(3): print(i)\nresult = [\n    1,\n]\n"
  ],
  javascript: [
    "x => x * 9 + 1",
    "const f = (x) => x\n",
    "function f(x) {\n  return x\n}\n\nmodule.exports = { f }",
    "// adds\n/**\n * Adds.\n */\nexport async function f(x) {\n  for (const y of x) return y\n}\nf(1)",
    "let x = 1, y\nif (x > 1) {\n  y = 2\n} else {\n  y = 3\n}\nconsole.log(y)"
  ],
  typescript: [
    "type A = { b: number }\ninterface C {\n  d: A\n}\nfunction f(x: A): number {\n  return x.b\n}",
    "const f = (x: number): number => x"
  ]
} as const

const prose = [
  "",
  "What is k?",
  "I think that the function should return x.",
  "let me think about it",
  "for example, f(1) is 2",
  "from what I see, the answer is 3",
  "The program is\nx => x",
  "import this into your mind",
  "ok",
  "if you tell me x, I can write it",
  "class is over",
  "12"
]

describe("extractCode", () => {
  it("takes a text that is code as it is", () => {
    for (const [language, texts] of Object.entries(programs)) {
      if (language !== "python" && language !== "javascript" && language !== "typescript") continue
      for (const text of texts) assert.strictEqual(extractCode(text, language), text)
    }
  })

  it("finds no program in prose", () => {
    for (const text of prose) {
      for (const language of ["python", "javascript", "typescript"] as const) {
        assert.isUndefined(extractCode(text, language), `${language}: ${text}`)
      }
    }
  })

  it("takes the last block of the language", () => {
    const text =
      "First:\n```python\nx = 1\n```\nor\n```Python3\nx = 2\n```\nthen\n```\nx = 3\n```\nand run\n```bash\nls\n```\n~~~js\nx = 4\n~~~"
    assert.strictEqual(extractCode(text, "python"), "x = 3\n")
    assert.strictEqual(extractCode(text, "javascript"), "x = 4\n")
    assert.strictEqual(extractCode(text, "typescript"), "x = 4\n")
    assert.isUndefined(extractCode("```bash\nls\n```", "python"))
    assert.isUndefined(extractCode("```\n\n```", "python"))
  })

  it("reads fences as Markdown does", () => {
    assert.strictEqual(extractCode("````py\na = '```'\n````", "python"), "a = '```'\n")
    assert.strictEqual(
      extractCode("- so:\n  ```py\n  if a:\n    b\n  ```", "python"),
      "if a:\n  b\n"
    )
    assert.strictEqual(extractCode("```py\na = 1", "python"), "a = 1\n")
    assert.strictEqual(extractCode("```py title=a.py\r\na = 1\r\n```", "python"), "a = 1\n")
    assert.strictEqual(extractCode('```py\na = """\n```\n', "python"), 'a = """\n')
  })

  it("is quick on long texts", () => {
    const start = performance.now()
    for (const text of ["a ".repeat(200_000), "(".repeat(400_000), "x = ".repeat(100_000)]) {
      for (const language of ["python", "javascript"] as const) extractCode(text, language)
    }
    for (const unit of ["a,", "[", "a b ", "const a:", "( )", "''"]) {
      extractCode(unit.repeat(3000), "python")
      extractCode(unit.repeat(3000), "javascript")
    }
    assert.isBelow(performance.now() - start, 1000)
  })
})
