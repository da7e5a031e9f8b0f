import { execFileSync } from "node:child_process"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { afterAll, assert, describe, it } from "@effect/vitest"

import { mainFile, sml } from "./support/sml.ts"

const made: Array<string> = []
afterAll(() => Promise.all(made.map((path) => rm(path, { recursive: true, force: true }))))

/** A file of lines; what is no text becomes JSON. */
const casesFile = async (lines: ReadonlyArray<unknown>) => {
  const folder = await mkdtemp(join(tmpdir(), "sml-verify-"))
  made.push(folder)
  const file = join(folder, "cases.jsonl")
  await writeFile(
    file,
    lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n")
  )
  return file
}

type Line = Readonly<Record<string, unknown>>

const isLine = (value: unknown): value is Line => typeof value === "object" && value !== null

const linesOf = (out: string): ReadonlyArray<Line> =>
  out
    .split("\n")
    .filter((line) => line !== "")
    .map((line): Line => {
      const value: unknown = JSON.parse(line)
      assert.isTrue(isLine(value), line)
      return isLine(value) ? value : {}
    })

const verdicts = (lines: ReadonlyArray<Line>) =>
  lines.map(({ id, verdict }) => `${String(id)} ${String(verdict)}`).toSorted()

const hasBubblewrap = (() => {
  try {
    execFileSync("bwrap", ["--version"])
    return true
  } catch {
    return false
  }
})()

const calls = [
  { fn: "add", args: [1, 2], expected: 3 },
  { fn: "add", args: [0, 0], expected: 0 }
]

describe.concurrent("sml verify", () => {
  it("reads a pipe", async () => {
    const file = await casesFile([1, 2].map((id) => ({ id, gold: "2", pred: `\\boxed{${id}}` })))
    const command = `cat "${file}" | "${process.execPath}" "${mainFile}" verify math --file /dev/stdin`
    const out = execFileSync("sh", ["-c", command], { encoding: "utf8", stdio: "pipe" })
    assert.deepStrictEqual(verdicts(linesOf(out)), ["1 different", "2 equal"])
  })

  it("judges answers line by line, and goes on past a bad line", async () => {
    const file = await casesFile([
      { id: "half", gold: "\\frac{1}{2}", pred: "so it is \\boxed{0.5}" },
      { id: "third", gold: "\\frac{1}{3}", pred: "\\boxed{\\frac{1}{4}}" },
      "{ this is not JSON",
      { id: "lacking", gold: "1" },
      { id: 7, gold: "x = 2", pred: "2" },
      { id: "deep", gold: "1", pred: `\\boxed{${"(".repeat(50_000)}1` },
      { id: "tower", gold: "1", pred: "\\boxed{9^{9^{9^{9}}}}" }
    ])
    const { code, err, out } = await sml(["verify", "math", "--file", file])
    assert.strictEqual(code, 0, err)
    // standard output is the verdicts alone
    assert.match(err, /^sml verify: \d+ cases of .*\ncases …\n/)
    const lines = linesOf(out)
    assert.deepStrictEqual(verdicts(lines.filter(({ id }) => id !== "deep" && id !== "tower")), [
      "7 equal",
      "half equal",
      "lacking invalid",
      "null invalid",
      "third different"
    ])
    for (const id of ["deep", "tower"]) {
      const line = lines.find((each) => each["id"] === id)
      assert.notStrictEqual(line?.["verdict"], "equal")
      assert.isBelow(Number(line?.["ms"]), 1000)
    }
  })

  it("judges JavaScript and TypeScript, and says what was got", async () => {
    const file = await casesFile([
      { id: "right", language: "javascript", code: "const add = (a, b) => a + b", tests: calls },
      {
        id: "wrong",
        language: "typescript",
        code: "function add(a: number, b: number): number { console.log('hi'); return a - b }",
        tests: calls
      },
      { id: "loop", language: "javascript", code: "const add = () => { for (;;); }", tests: calls },
      { id: "cobol", language: "cobol", code: "", tests: calls },
      { id: "empty", language: "javascript", code: "1", tests: [] }
    ])
    const { code, err, out } = await sml(["verify", "code", "--file", file])
    assert.strictEqual(code, 0, err)
    const lines = linesOf(out)
    assert.deepStrictEqual(verdicts(lines), [
      "cobol invalid",
      "empty invalid",
      "loop timeout",
      "right pass",
      "wrong fail"
    ])
    const wrong = lines.find(({ id }) => id === "wrong")
    assert.include(String(wrong?.["stdout"]), "hi")
    const [first] = Array.isArray(wrong?.["tests"]) ? wrong["tests"] : []
    assert.include(first, { call: "add(1, 2)", expected: "3", got: "-1", verdict: "fail" })
  })

  it.skipIf(!hasBubblewrap)("judges Python under bubblewrap", async () => {
    const file = await casesFile([
      { id: "right", language: "python", code: "def add(a, b):\n    return a + b", tests: calls },
      {
        id: "exit",
        language: "python",
        code: "import os\ndef add(a, b):\n    os._exit(0)",
        tests: calls
      },
      {
        id: "file",
        language: "python",
        code: "def add(a, b):\n    return open('/etc/passwd').read()",
        tests: calls
      }
    ])
    const { code, err, out } = await sml(["verify", "code", "--file", file])
    assert.strictEqual(code, 0, err)
    const lines = linesOf(out)
    assert.strictEqual(lines.find(({ id }) => id === "right")?.["verdict"], "pass")
    assert.strictEqual(lines.length, 3)
    assert.strictEqual(lines.filter(({ verdict }) => verdict === "pass").length, 1)
    assert.notInclude(out, "root:")
  })

  it.skipIf(hasBubblewrap)(
    "refuses Python where there is no bubblewrap, with the way to install it",
    async () => {
      const file = await casesFile([
        { id: 1, language: "python", code: "def add(a, b):\n    return a + b", tests: calls },
        { id: 2, language: "javascript", code: "const add = (a, b) => a + b", tests: calls }
      ])
      const { code, out } = await sml(["verify", "code", "--file", file])
      const lines = linesOf(out)
      assert.deepStrictEqual(verdicts(lines), ["1 refused", "2 pass"])
      assert.match(
        String(lines.find(({ id }) => id === 1)?.["reason"]),
        /apt-get install bubblewrap/
      )
      assert.strictEqual(code, 0)
    }
  )

  it("says in a sentence that a file is missing, or an option unknown", async () => {
    const missing = await sml(["verify", "math", "--file", "/nowhere/cases.jsonl"])
    assert.strictEqual(missing.code, 1)
    assert.match(missing.err, /\/nowhere\/cases\.jsonl/)
    assert.strictEqual(missing.err.trimEnd().split("\n").length, 1)
    const unknown = await sml(["verify", "math", "--fill", "x"])
    assert.notStrictEqual(unknown.code, 0)
    assert.include(unknown.err + unknown.out, "--fill")
    const empty = await sml(["verify", "code", "--file", await casesFile([])])
    assert.strictEqual(empty.out, "")
    assert.strictEqual(empty.code, 0, empty.err)
  })
})
