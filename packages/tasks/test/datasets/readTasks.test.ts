import { existsSync } from "node:fs"
import { mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { deflateSync, gzipSync } from "node:zlib"

import { assert, describe, it } from "@effect/vitest"
import type { ReadTasksOptions } from "@sml/tasks"
import { isSameText, readTasks, streamTasks } from "@sml/tasks"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"

const folder = mkdtempSync(join(tmpdir(), "sml-tasks-"))

/** Reads a text as a file of the given name. */
const readText = (
  name: string,
  text: string | Uint8Array,
  more: Omit<ReadTasksOptions, "path"> = {}
) => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return readTasks({ path, ...more })
}

const jsonLines = (...records: ReadonlyArray<unknown>) =>
  records.map((record) => JSON.stringify(record)).join("\n")

const gsm8k = { question: "How many?", answer: "It is 4/2 = <<4/2=2>>2.\n#### 1,002" }

describe("GSM8K", () => {
  it.effect("takes the result, the steps without marks, and the marks", () =>
    Effect.gen(function* () {
      const [task] = yield* readText("gsm.jsonl", jsonLines(gsm8k))
      assert.deepStrictEqual(task, {
        id: "gsm8k:gsm/0",
        domain: "math",
        prompt: "How many?",
        knowledge: {
          kind: "math-answer",
          answer: "1002",
          solution: "It is 4/2 = 2.",
          calculations: [{ expression: "4/2", value: "2" }]
        },
        missing: []
      })
    })
  )

  it.effect("takes the questions of the Socratic form as hints", () =>
    Effect.gen(function* () {
      const answer = "How much is it? ** It is <<1+1=2>>2.\nAnd then? ** Then 3.\n#### 3"
      const [task] = yield* readText("socratic.jsonl", jsonLines({ ...gsm8k, answer }))
      assert.deepInclude(task?.knowledge, {
        answer: "3",
        solution: "It is 2.\nThen 3.",
        hints: ["How much is it?", "And then?"]
      })
    })
  )

  it.effect("names the file and the line of a record without a result", () =>
    Effect.gen(function* () {
      const records = jsonLines(gsm8k, gsm8k, { ...gsm8k, answer: "four" })
      const error = yield* Effect.flip(readText("bad.jsonl", records.replace("\n", "\n\n")))
      assert.strictEqual(
        error.message,
        `${join(folder, "bad.jsonl")}:4: the answer has no "#### " line with the result.`
      )
      assert.deepInclude(error, { file: join(folder, "bad.jsonl"), line: 4 })
    })
  )
})

describe("the form of a file", () => {
  it.effect("is the same for lines, a list, and either of them packed", () =>
    Effect.gen(function* () {
      const records = [gsm8k, { ...gsm8k, question: 'With "]}" and \\ and\nlines?' }, gsm8k]
      const lines = yield* readText("form.jsonl", `\uFEFF${jsonLines(...records)}\r\n\n`)
      assert.lengthOf(lines, 3)
      for (const text of [JSON.stringify(records), JSON.stringify(records, undefined, 2)]) {
        assert.deepStrictEqual(yield* readText("form.json", text), lines)
        assert.deepStrictEqual(yield* readText("form.json.gz", gzipSync(text)), lines)
      }
    })
  )

  it.effect("says where a list breaks off or a record is no JSON", () =>
    Effect.gen(function* () {
      const cut = JSON.stringify([gsm8k, gsm8k], undefined, 2).slice(0, -5)
      const errors = [
        [yield* Effect.flip(readText("a.json", cut)), /a\.json:\d+: the list has no end/],
        [yield* Effect.flip(readText("b.json", "[\n 1]")), /b\.json:2: something else than/],
        [
          yield* Effect.flip(readText("c.jsonl", `${jsonLines(gsm8k)}\n{"a":`)),
          /c\.jsonl:2: .* no JSON/
        ],
        [yield* Effect.flip(readText("d.json", "\n")), /holds no records/],
        [yield* Effect.flip(readText("e.json", "[]")), /holds no records/],
        [yield* Effect.flip(readText("f.jsonl", "7")), /f\.jsonl:1: a record has to be an object/],
        [
          yield* Effect.flip(readText("g.jsonl.gz", gzipSync(jsonLines(gsm8k)).subarray(0, 40))),
          /g\.jsonl\.gz/
        ],
        [yield* Effect.flip(readTasks({ path: join(folder, "none") })), /There is no file/],
        [yield* Effect.flip(readTasks({ path: folder })), /is a folder/]
      ] as const
      for (const [error, pattern] of errors) assert.match(error.message, pattern)
    })
  )

  it.effect("reads no further than it has to", () =>
    Effect.gen(function* () {
      const records = `${jsonLines(gsm8k, gsm8k)}\nnothing`
      assert.lengthOf(yield* readText("limit.jsonl", records, { limit: 2 }), 2)
      assert.lengthOf(yield* readText("limit.jsonl", records, { limit: 0 }), 0)
      const stream = streamTasks({ path: join(folder, "limit.jsonl") })
      assert.lengthOf(yield* Stream.runCollect(Stream.take(stream, 1)), 1)
      yield* Effect.flip(Stream.runCollect(stream))
    })
  )

  it.effect("is refused when nobody knows it", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(readText("other.jsonl", jsonLines({ left: 1, right: 2 })))
      assert.match(
        error.message,
        /names left, right are of no known format \(.*gsm8k.*give a mapping/
      )
      const bridge = yield* Effect.flip(readText("bridge.json", JSON.stringify([{ c_h: [] }])))
      assert.match(bridge.message, /Bridge have no answer/)
      const wrong = yield* Effect.flip(
        readText("wrong.jsonl", jsonLines(gsm8k), { format: "svamp" })
      )
      assert.match(wrong.message, /wrong\.jsonl:1: .*"ID"/)
    })
  )

  it.effect("may hold no id twice", () =>
    Effect.gen(function* () {
      const task = { id: "one", domain: "math", prompt: "?", knowledge: null, missing: [] }
      const path = join(folder, "twice.jsonl")
      const error = yield* Effect.flip(readText("twice.jsonl", jsonLines(task, task)))
      assert.strictEqual(error.message, `${path}:2: the id one is already that of ${path}:1.`)
      assert.deepStrictEqual(yield* readText("once.jsonl", jsonLines(task)), [task])
    })
  )
})

/** A pickle of one text, as Python's `pickle.dumps` writes it with protocol 4. */
const pickle = (text: string) => {
  const bytes = Buffer.from(text)
  const length = Buffer.alloc(4)
  length.writeUInt32LE(bytes.length)
  return Buffer.concat([
    Buffer.from([0x80, 4, 0x95, 0, 0, 0, 0, 0, 0, 0, 0, 0x58]),
    length,
    bytes,
    Buffer.from([0x94, 0x2e])
  ])
}

const packed = (cases: unknown) => deflateSync(pickle(JSON.stringify(cases))).toString("base64")

describe("programming tasks", () => {
  it.effect("HumanEval: what stands before the function is its preamble", () =>
    Effect.gen(function* () {
      const record = {
        task_id: "HumanEval/38",
        prompt: "import math\n\ndef helper():\n    return 1\n\ndef main(x):\n    '''Adds.'''\n",
        entry_point: "main",
        canonical_solution: "    return x + helper()\n",
        test: "def check(candidate):\n    assert candidate(1) == 2\n"
      }
      const [task] = yield* readText("HumanEval.jsonl", jsonLines(record))
      assert.strictEqual(task?.id, "humaneval:HumanEval/38")
      assert.include(task?.prompt, record.prompt)
      assert.deepStrictEqual(task?.knowledge, {
        kind: "program",
        language: "python",
        preamble: "import math\n\ndef helper():\n    return 1\n\n",
        tests: { kind: "check", source: record.test, entry: "main" },
        solution: "def main(x):\n    '''Adds.'''\n    return x + helper()\n"
      })
      const error = yield* Effect.flip(
        readText("HumanEval.jsonl", jsonLines({ ...record, entry_point: "minor" }))
      )
      assert.match(error.message, /HumanEval\.jsonl:1: the prompt does not name minor/)
    })
  )

  it.effect("LiveCodeBench: packed private tests, functions and whole programs", () =>
    Effect.gen(function* () {
      const whole = {
        question_content: "Add two numbers.",
        question_id: "abc_a",
        starter_code: "",
        public_test_cases: JSON.stringify([{ input: "1 2\n", output: "3\n", testtype: "stdin" }]),
        private_test_cases: packed([{ input: "4 5\n", output: "9\n", testtype: "stdin" }]),
        metadata: "{}"
      }
      const functional = {
        ...whole,
        question_id: "2727",
        starter_code: "class Solution:\n    def add(self, a: List[int], b: int) -> int:\n        ",
        public_test_cases: JSON.stringify([
          { input: "[1, 2]\n3", output: "6", testtype: "functional" }
        ]),
        private_test_cases: packed([{ input: "[]\n1", output: "1", testtype: "functional" }]),
        metadata: JSON.stringify({ func_name: "add" })
      }
      const tasks = yield* readText("test.jsonl", jsonLines(whole, functional))
      assert.deepInclude(tasks[0]?.knowledge, {
        tests: {
          kind: "stdio",
          cases: [
            { input: "1 2\n", output: "3\n" },
            { input: "4 5\n", output: "9\n" }
          ]
        }
      })
      assert.deepInclude(tasks[1]?.knowledge, {
        tests: {
          kind: "calls",
          calls: [
            { fn: "add", args: [[1, 2], 3], expected: 6 },
            { fn: "add", args: [[], 1], expected: 1 }
          ]
        }
      })
      assert.include(tasks[1]?.prompt, "class Solution:")
      // a pickle that would call something: refused, nothing is ever called
      const evil = deflateSync(Buffer.from("cos\nsystem\n(S'true'\ntR.")).toString("base64")
      const error = yield* Effect.flip(
        readText("test.jsonl", jsonLines({ ...whole, private_test_cases: evil }))
      )
      assert.match(error.message, /the private tests are neither JSON nor packed JSON/)
    })
  )

  it.effect("APPS: whole programs and functions", () =>
    Effect.gen(function* () {
      const whole = {
        problem_id: 7,
        question: "Double it.",
        solutions: JSON.stringify(["print(2 * int(input()))"]),
        input_output: JSON.stringify({ inputs: ["1\n", ["2", "3"]], outputs: ["2\n", ["4"]] }),
        starter_code: ""
      }
      const functional = {
        ...whole,
        problem_id: 8,
        solutions: "",
        input_output: JSON.stringify({ fn_name: "double", inputs: [[1], [2]], outputs: [[2], 4] })
      }
      const tasks = yield* readText("apps.jsonl", jsonLines(whole, functional))
      assert.deepInclude(tasks[0]?.knowledge, {
        solution: "print(2 * int(input()))",
        tests: {
          kind: "stdio",
          cases: [
            { input: "1\n", output: "2\n" },
            { input: "2\n3", output: "4" }
          ]
        }
      })
      assert.deepInclude(tasks[1]?.knowledge, {
        tests: {
          kind: "calls",
          calls: [
            { fn: "double", args: [1], expected: 2 },
            { fn: "double", args: [2], expected: 4 }
          ]
        }
      })
    })
  )
})

describe("a mapping", () => {
  const mapping = { prompt: "question", answer: "answer" }

  it.effect("reads CSV with line breaks in cells, and counts lines", () =>
    Effect.gen(function* () {
      const table = 'id,question,answer\n\n1,"What is\n""1"" + 1?",2\n2,Four?,\n'
      const error = yield* Effect.flip(readText("table.csv", table, { mapping }))
      assert.match(
        error.message,
        /table\.csv:5: nothing stands in the column answer; the columns are id, question, answer\.$/
      )
      const [task] = yield* readText("table.csv", table, { mapping, limit: 1 })
      assert.strictEqual(task?.prompt, 'What is\n"1" + 1?')
      const ragged = yield* Effect.flip(readText("table.csv", "question,answer\na\n", { mapping }))
      assert.match(ragged.message, /table\.csv:2: this row has 1 cells/)
      const open = yield* Effect.flip(readText("open.csv", 'question,answer\n"a,b\n', { mapping }))
      assert.match(open.message, /open\.csv:2: .*quotation marks/)
      assert.lengthOf(yield* readText("table.tsv", "question\tanswer\na, b?\t2", { mapping }), 1)
    })
  )

  it.effect("reads Parquet, one row group after the other", () =>
    Effect.gen(function* () {
      const path = join(import.meta.dirname, "sums.parquet")
      const tasks = yield* readTasks({
        path,
        mapping: { prompt: "{meta.source}: {question}", answer: "answer" }
      })
      assert.deepStrictEqual(
        tasks.map(({ knowledge, prompt }) => [prompt, knowledge]),
        [
          ["a: What is 2 + 3?", { kind: "math-answer", answer: "5" }],
          ["b: What is 10 * 12?", { kind: "math-answer", answer: "120" }],
          ["c: What is 7 - 9?", { kind: "math-answer", answer: "-2" }]
        ]
      )
      const error = yield* Effect.flip(readTasks({ path, mapping: { prompt: "a", answer: "b" } }))
      assert.match(error.message, /sums\.parquet, row 1: nothing stands in the column a/)
      const broken = yield* Effect.flip(readText("broken.parquet", "PAR1 and no more"))
      assert.match(broken.message, /broken\.parquet cannot be read/)
    })
  )

  it.effect("makes programming tasks", () =>
    Effect.gen(function* () {
      const records = jsonLines(
        { text: "Add.", tests: ["assert add(1, 2) == 3"], code: "def add(a, b): return a + b" },
        { text: "Sub.", tests: "def check(f): assert f(2, 1) == 1", code: "…", name: "sub" }
      )
      const tasks = yield* readText("code.jsonl", records, {
        mapping: {
          prompt: "text",
          kind: "program",
          tests: "tests",
          entry: "name",
          solution: "code"
        }
      })
      assert.deepInclude(tasks[0]?.knowledge, {
        tests: { kind: "asserts", setup: "", asserts: ["assert add(1, 2) == 3"] }
      })
      assert.deepInclude(tasks[1]?.knowledge, {
        tests: { kind: "check", source: "def check(f): assert f(2, 1) == 1", entry: "sub" }
      })
    })
  )

  it.effect("is checked itself", () =>
    Effect.gen(function* () {
      const misspelt = { ...mapping, anwser: "a" }
      const error = yield* Effect.flip(readTasks({ path: "x.csv", mapping: misspelt }))
      assert.match(error.message, /The options for reading tasks cannot be used: .*anwser/s)
    })
  )
})

describe("isSameText", () => {
  it("forgives case, marks, articles and blanks only", () => {
    assert.isTrue(isSameText("The  Beatles", "beatles!"))
    assert.isFalse(isSameText("Paul", "Paula"))
  })
})

const data = join(import.meta.dirname, "../../../../../shared/data")
const hasData = existsSync(data)
if (!hasData) console.log(`skipped: the public data sets are not at ${data}`)

// the knowledge of each kind, as those who read it expect it
const Shards = Schema.optionalKey(
  Schema.NonEmptyArray(Schema.Struct({ name: Schema.NonEmptyString, text: Schema.NonEmptyString }))
)
const Knowledge = Schema.Union([
  Schema.Struct({
    kind: Schema.Literals(["math-answer", "text-answer"]),
    answer: Schema.NonEmptyString,
    shards: Shards
  }),
  Schema.Struct({
    kind: Schema.Literal("missing-premise"),
    premise: Schema.NonEmptyString,
    answer: Schema.NullOr(Schema.String),
    answerable: Schema.Boolean
  }),
  Schema.Struct({ kind: Schema.Literal("clarification"), vague: Schema.Boolean }),
  Schema.Struct({
    kind: Schema.Literal("program"),
    language: Schema.Literals(["python", "javascript", "typescript"]),
    preamble: Schema.String,
    tests: Schema.Union([
      Schema.Struct({
        kind: Schema.Literal("check"),
        source: Schema.NonEmptyString,
        entry: Schema.NonEmptyString
      }),
      Schema.Struct({
        kind: Schema.Literal("asserts"),
        setup: Schema.String,
        asserts: Schema.NonEmptyArray(Schema.NonEmptyString)
      })
    ])
  })
])
const knowledgeOf = Schema.decodeUnknownSync(Knowledge)

describe.runIf(hasData)("the public data sets", () => {
  it.effect.each([
    ["gsm8k/train.jsonl", 7473],
    ["gsm8k/test.jsonl", 1319],
    ["gsm8k/test_socratic.jsonl", 1319],
    ["svamp/SVAMP.json", 1000],
    ["math500/math500.jsonl", 500],
    ["humaneval/HumanEval.jsonl.gz", 164],
    ["multilingual_code/HumanEval_javascript_v1.1.jsonl", 161],
    ["multilingual_code/HumanEval_typescript_v1.jsonl", 161],
    ["mbpp/mbpp.jsonl", 974],
    ["mbpp/sanitized-mbpp.json", 427],
    ["mbpp/mbpp_sanitized_for_code_generation.jsonl", 427],
    ["lost_in_conversation/sharded_gsm8k_v1.json", 333],
    ["missing_premise/formula.json", 50],
    ["missing_premise/svamp.json", 300],
    ["clarification_in3/train.jsonl", 1261],
    ["clarification_in3/test.jsonl", 108],
    ["clarification_in3/interaction_data_test.jsonl", 25],
    ["mint/gsm8k.test_prompts.json", 48],
    ["mint/math.test_prompts.json", 100],
    ["mint/mmlu.test_prompts.json", 76],
    ["mint/theoremqa.test_prompts.json", 49],
    ["mint/hotpotqa.test_prompts.json", 43],
    ["mint/humaneval.test_prompts.json", 45],
    ["mint/mbpp.test_prompts.json", 91],
    ["word_problems/gsm_hard.jsonl", 1319],
    ["word_problems/mawps_addsub.jsonl", 395],
    ["word_problems/mawps_multiarith.jsonl", 600],
    ["word_problems/mawps_singleeq.jsonl", 508],
    ["word_problems/mawps_singleop.jsonl", 562],
    ["word_problems/mawps_test.jsonl", 2065]
  ] as const)("%s: %d tasks", ([file, count]) =>
    Effect.gen(function* () {
      const tasks = yield* readTasks({ path: join(data, file) })
      assert.lengthOf(tasks, count)
      for (const { knowledge } of tasks) knowledgeOf(knowledge)
    })
  )
})
