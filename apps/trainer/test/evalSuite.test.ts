import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

import { afterAll, assert, describe, it } from "@effect/vitest"
import { Evaluation } from "@sml/eval-harness"
import * as Schema from "effect/Schema"

import type { Reply, Said } from "./support/chatServer.ts"
import { chatServer } from "./support/chatServer.ts"
import type { Ended } from "./support/sml.ts"
import { sml } from "./support/sml.ts"

const readEvaluation = Schema.decodeUnknownSync(Schema.fromJsonString(Evaluation))

const ends: Array<() => Promise<void>> = []
afterAll(async () => {
  await Promise.all(ends.map((end) => end()))
})

const folder = async () => {
  const path = await mkdtemp(join(tmpdir(), "sml-suite-"))
  ends.push(() => rm(path, { recursive: true, force: true }))
  return path
}

const server = async (reply: (said: ReadonlyArray<Said>) => Reply | Promise<Reply>) => {
  const opened = await chatServer(reply)
  ends.push(opened.close)
  return opened
}

/** Two problems of GSM8K's format; the answers are 5 and 12. */
const problems = [
  { question: "Ann has 2 pens and 3 more. How many?", answer: "2+3=<<2+3=5>>5\n#### 5" },
  { question: "Three boxes of 4 each. How many?", answer: "3*4=<<3*4=12>>12\n#### 12" }
]

const dataFile = async (lines: ReadonlyArray<string>) => {
  const file = join(await folder(), "test.jsonl")
  await writeFile(file, lines.join("\n"))
  return file
}

const gsm8k = () => dataFile(problems.map((problem) => JSON.stringify(problem)))

/** Wrong at first, right when told so; the second problem always wrong. */
const learner = (said: ReadonlyArray<Said>): Reply => {
  const isFirst = said.some(({ content }) => content.includes("pens"))
  const turns = said.filter(({ role }) => role === "assistant").length
  return `The answer is \\boxed{${isFirst && turns > 0 ? 5 : 7}}.`
}

const evaluate = (args: ReadonlyArray<string>, env: Readonly<Record<string, string>> = {}) =>
  sml(["eval", "--turns", "2", "--levels", "hint", ...args], { env })

/** How an evaluation of a server ends, and the results that it leaves. */
const kept = async (reply: (said: ReadonlyArray<Said>) => Reply) => {
  const { address } = await server(reply)
  const out = await folder()
  const args = ["--suite", "gsm8k", "--data", await gsm8k(), "--model", address]
  const ended = await evaluate([...args, "--out", out])
  return { ended, text: await readFile(join(out, "results.json"), "utf8") }
}

const assertOneSentence = ({ code, err }: Ended, sentence: RegExp) => {
  assert.match(err, sentence)
  assert.strictEqual(err.trimEnd().split("\n").length, 1, err)
  assert.strictEqual(code, 1)
}

describe.concurrent("sml eval --suite", () => {
  it("measures a model behind a server, keeps everything, and plays nothing twice", async () => {
    const { address, count } = await server(learner)
    const out = await folder()
    const json = join(out, "numbers.json")
    const args = ["--suite", "gsm8k", "--data", await gsm8k(), "--model", address, "--out", out]
    const first = await evaluate([...args, "--json", json])
    assert.strictEqual(first.code, 0, first.err)
    assert.match(first.out, /success@1 +0\.0% .* n=2/)
    assert.match(first.out, /success@2 +50\.0% .* n=2/)
    assert.strictEqual(count(), 4)
    assert.include(await readFile(json, "utf8"), '"hint/success@2"')
    const report = await readFile(join(out, "report.html"), "utf8")
    assert.include(report, "answer_attempt")
    assert.include(report, "boxed{5}")

    const [good, bad] = [
      await evaluate([...args, "--fail-under", "hint/success@2=0.5"]),
      await evaluate([...args, "--fail-under", "hint/success@2=0.6"])
    ]
    assert.strictEqual(good.code, 0, good.err)
    assert.strictEqual(bad.code, 1)
    assert.match(bad.err, /math hint\/success@2 is 0\.5000 \(n = 2\), under 0\.6/)
    assert.strictEqual(count(), 4)

    // other settings are another evaluation, and what was played stays
    const other = await evaluate([...args, "--temperature", "0.1"])
    assertOneSentence(other, /temperature was 0\.7, is 0\.1.*--out/)
    assert.include(other.err, out)
    assert.strictEqual(count(), 4)
  })

  it("does not let two processes write one folder, and takes over from a killed one", async () => {
    const begun = Promise.withResolvers<undefined>()
    const { address } = await server((said) => {
      begun.resolve(undefined)
      return isFirst ? new Promise<Reply>(() => undefined) : learner(said)
    })
    let isFirst = true
    const out = await folder()
    const args = ["--suite", "gsm8k", "--data", await gsm8k(), "--model", address, "--out", out]
    const kill = new AbortController()
    const first = sml(["eval", ...args], { killed: kill.signal })
    await begun.promise
    const second = await evaluate(args)
    assertOneSentence(second, /Process \d+ is writing .*--out/)
    assert.include(second.err, out)

    kill.abort()
    assert.strictEqual((await first).code, null)
    isFirst = false
    const third = await evaluate(args)
    // what the killed process had begun with other options is another evaluation
    assertOneSentence(third, /holds another evaluation/)
    const fourth = await sml(["eval", ...args])
    assert.strictEqual(fourth.code, 0, fourth.err)
    assert.notInclude(await readdir(out), ".running")
  })

  it("asks a server nothing twice that a shared cache holds", async () => {
    const { address, count } = await server(learner)
    const cache = await folder()
    const data = await gsm8k()
    const args = ["--suite", "gsm8k", "--data", data, "--model", address, "--cache", cache]
    const run = async (...more: ReadonlyArray<string>) =>
      evaluate([...args, "--out", await folder(), ...more])
    const first = await run()
    assert.strictEqual(first.code, 0, first.err)
    assert.strictEqual(count(), 4)
    assert.include(first.out, "4 requests now, 0 answers from earlier")
    const again = await run()
    assert.strictEqual(count(), 4)
    assert.include(again.out, "0 requests now, 4 answers from earlier")
    assert.match(again.out, /success@2 +50\.0% .* n=2/)
    // other settings are other questions
    await run("--seed", "2")
    assert.strictEqual(count(), 8)
    await run("--temperature", "0.1")
    assert.strictEqual(count(), 12)
  })

  it("measures what turns beyond those of training add", async () => {
    const { address } = await server(learner)
    const common = ["--suite", "gsm8k", "--data", await gsm8k(), "--model", address]
    const length = ["--protocol", "longer", "--turns", "3", "--trained-turns", "1"]
    const out = await folder()
    const { code, err } = await sml(["eval", ...common, ...length, "--out", out])
    assert.strictEqual(code, 0, err)
    const { results } = readEvaluation(await readFile(join(out, "results.json"), "utf8"))
    // one of two tasks is solved in the second turn
    const gain = results["math"]?.["longer/gain-after@1"]
    assert.deepStrictEqual([gain?.n, gain?.value], [2, 0.5])
  })

  it("goes on after a SIGKILL, and what had ended is not asked again", async () => {
    let isDown = true
    const hung = Promise.withResolvers<undefined>()
    const { address, count } = await server((said) => {
      if (!isDown || said.some(({ content }) => content.includes("pens"))) return learner(said)
      hung.resolve(undefined)
      return new Promise<Reply>(() => undefined)
    })
    const out = await folder()
    const args = ["--suite", "gsm8k", "--data", await gsm8k(), "--model", address, "--out", out]
    const options = ["--turns", "2", "--levels", "hint", "--concurrency", "1"]
    const kill = new AbortController()
    const first = sml(["eval", ...args, ...options], { killed: kill.signal })
    await hung.promise
    kill.abort()
    assert.strictEqual((await first).code, null)
    assert.strictEqual(count(), 3)
    isDown = false
    const second = await sml(["eval", ...args, ...options])
    assert.strictEqual(second.code, 0, second.err)
    assert.include(second.out, "1 of 2 dialogues are kept from an earlier run")
    assert.match(second.out, /success@2 +50\.0% .* n=2/)
    assert.strictEqual(count(), 5)
  })

  it("keeps what went well when a server answers with no answer, and says so in a sentence", async () => {
    const bodies = [
      ["{ not json", "application/json"],
      ["<html><body>Bad gateway</body></html>", "text/html"],
      ["", "application/json"]
    ] as const
    const runs = bodies.map(async ([body, type]) => {
      const garbage: Reply = { status: 200, body, type }
      const never = await kept(() => garbage)
      assertOneSentence(never.ended, /^Not one dialogue could be played: .*127\.0\.0\.1/)
      const half = await kept((said) =>
        said.some(({ content }) => content.includes("pens")) ? learner(said) : garbage
      )
      assert.strictEqual(half.ended.code, 0, half.ended.err)
      const { dialogues, failures } = readEvaluation(half.text)
      assert.deepStrictEqual([dialogues, failures.length], [2, 1])
    })
    await Promise.all(runs)
  })

  it("measures a checkpoint in this process on generated tasks", async () => {
    const out = await folder()
    const checkpoint = fileURLToPath(
      new URL("../../../packages/nano-student/checkpoint", import.meta.url)
    )
    const {
      code,
      err,
      out: printed
    } = await evaluate([
      "--suite",
      "shortest-path",
      "--model",
      checkpoint,
      "--system",
      "",
      "--limit",
      "3",
      "--max-tokens",
      "8",
      "--out",
      out
    ])
    assert.strictEqual(code, 0, err)
    const { dialogues, failures } = readEvaluation(
      await readFile(join(out, "results.json"), "utf8")
    )
    assert.deepStrictEqual([dialogues, failures.length], [3, 0])
    assert.match(printed, /success@2 +\d+\.\d% .* n=3/)
    assert.notInclude(printed, "requests now")
  })

  it("shows what a model says as text, whatever it says", async () => {
    const { address } = await server(() => "<script>alert(1)</script>\u001b[31m \\boxed{5}")
    const out = await folder()
    const { code, out: printed } = await evaluate([
      "--suite",
      "gsm8k",
      "--data",
      await gsm8k(),
      "--model",
      address,
      "--out",
      out
    ])
    assert.strictEqual(code, 0)
    const report = await readFile(join(out, "report.html"), "utf8")
    assert.notInclude(report, "<script>alert")
    assert.notInclude(report, "\u001b")
    assert.notInclude(printed, "\u001b[31m")
  })

  it("ends in a sentence when the server is away, refuses the key, or has a short context", async () => {
    const data = await gsm8k()
    const run = async (model: string, env: Readonly<Record<string, string>> = {}) =>
      evaluate(["--suite", "gsm8k", "--data", data, "--model", model, "--out", await folder()], env)
    const refusing = await server(() => ({
      status: 401,
      code: "invalid_api_key",
      message: "Incorrect API key provided"
    }))
    const short = await server(() => ({
      status: 400,
      code: "context_length_exceeded",
      message: "This model's maximum context length is 10 tokens"
    }))
    const [away, key, overflow] = await Promise.all([
      run("http://127.0.0.1:1/v1"),
      run(refusing.address, { OPENAI_API_KEY: "sk-canary-0123456789" }),
      run(short.address)
    ])
    assert.notStrictEqual(away.code, 0)
    assert.match(away.err, /127\.0\.0\.1:1/)
    assert.notStrictEqual(key.code, 0)
    assert.match(key.err, /key/i)
    assert.notInclude(key.err + key.out, "sk-canary")
    // a dialogue that outgrows the context has ended without an answer
    assert.strictEqual(overflow.code, 0, overflow.err)
    assert.match(overflow.out, /success@2 +0\.0% .* n=2/)
  })

  it("reads records of any form by a mapping", async () => {
    const { address } = await server(() => "\\boxed{4}")
    const { code, err, out } = await evaluate([
      "--suite",
      "data",
      "--data",
      await dataFile(['{"q": "2 + 2?", "r": {"value": "4"}}']),
      "--mapping",
      '{"prompt": "Compute {q}", "answer": "r.value"}',
      "--model",
      address,
      "--out",
      await folder()
    ])
    assert.strictEqual(code, 0, err)
    assert.match(out, /success@1 +100\.0% .* n=1/)
  })

  it("reads CSV and Parquet by a mapping", async () => {
    const { address } = await server(() => "\\boxed{4}")
    const table = join(await folder(), "sums.csv")
    await writeFile(table, 'q,r\n"What is 2 + 2, then?",4\nWhat is 2 + 3?,5\n')
    const parquet = fileURLToPath(
      new URL("../../../packages/tasks/test/datasets/sums.parquet", import.meta.url)
    )
    const run = async (data: string, mapping: string) => {
      const args = ["--suite", "data", "--data", data, "--mapping", mapping, "--model", address]
      return evaluate([...args, "--out", await folder()])
    }
    const [csv, rows] = await Promise.all([
      run(table, '{"prompt": "q", "answer": "r"}'),
      run(parquet, '{"prompt": "question", "answer": "answer"}')
    ])
    assert.strictEqual(csv.code, 0, csv.err)
    assert.match(csv.out, /success@1 +50\.0% .* n=2/)
    assert.strictEqual(rows.code, 0, rows.err)
    assert.match(rows.out, /success@1 +0\.0% .* n=3/)
  })

  it("tells who asks about an open request from who goes ahead", async () => {
    const detail = { description: "Type", importance: "3", inquiry: "Which type?", options: ["1"] }
    const requests = [
      { task: "Find diabetes research.", vague: true, missing_details: [detail] },
      { task: "Plan a trip.", vague: true, missing_details: [detail] },
      { task: "Write the primes below ten.", vague: false, missing_details: [] }
    ]
    const { address } = await server((said) =>
      said.some(({ content }) => content.includes("diabetes"))
        ? "Which type of diabetes do you mean?"
        : "Here it is, in three parts: first this, then that, and last the rest."
    )
    const out = await folder()
    const data = await dataFile(requests.map((request) => JSON.stringify(request)))
    const { code, err } = await sml([
      "eval",
      "--suite",
      "in3",
      "--data",
      data,
      "--model",
      address,
      "--out",
      out
    ])
    assert.strictEqual(code, 0, err)
    const { results } = readEvaluation(await readFile(join(out, "results.json"), "utf8"))
    const numbers = results["clarification"] ?? {}
    const shown = (name: string) => {
      const found = numbers[`missing-premise/${name}`]
      return [found?.value, found?.n]
    }
    assert.deepStrictEqual(shown("asked@1"), [0.5, 2])
    assert.deepStrictEqual(shown("hallucinated"), [0.5, 2])
    assert.deepStrictEqual(shown("held-back"), [0, 1])
  })

  it("says what is wrong with the data, with file and line", async () => {
    const { address, count } = await server(learner)
    const run = async (data: string) =>
      evaluate(["--suite", "gsm8k", "--data", data, "--model", address, "--out", await folder()])
    const [bad, none, empty] = await Promise.all([
      run(await dataFile([JSON.stringify(problems[0]), '{"question": 1}'])),
      run("/nowhere/test.jsonl"),
      run(await dataFile([]))
    ])
    assertOneSentence(bad, /test\.jsonl.*2|2.*test\.jsonl/)
    assertOneSentence(none, /\/nowhere\/test\.jsonl/)
    assertOneSentence(empty, /test\.jsonl/)
    assert.strictEqual(count(), 0)
  })

  it("refuses options that mean nothing, one sentence each", async () => {
    const cases: ReadonlyArray<readonly [ReadonlyArray<string>, RegExp]> = [
      [["--suite", "nothing", "--model", "http://x"], /no suite nothing.*gsm8k/],
      [["--suite", "gsm8k"], /--model/],
      [["--suite", "gsm8k", "--model", "http://127.0.0.1:1/v1"], /--data/],
      [["--suite", "gsm8k", "--model", "m", "--model-name", "x"], /--model-name/],
      [["--suite", "gsm8k", "--model", "http://x", "--fail-under", "success"], /--fail-under/],
      [["--suite", "gsm8k", "--model", "http://x", "--eval-tasks", "3"], /eval-tasks/],
      [["--suite", "data", "--model", "http://x", "--mapping", '{"promt": "q"}'], /promt/],
      [
        ["--suite", "gsm8k", "--model", "http://x", "--data", "x", "--mapping", '{"prompt": "q"}'],
        /--mapping/
      ],
      [["--suite", "gsm8k", "--model", "m", "--cache", "c"], /--cache.*address/],
      [["--suite", "gsm8k", "--model", "http://x", "--trained-turns", "2"], /--protocol longer/],
      [
        ["--suite", "gsm8k", "--model", "http://x", "--protocol", "longer", "--turns", "4"],
        /4 turns are not longer than the 4 of training/
      ],
      [["--suite", "in3", "--model", "http://x", "--turns", "2"], /--teacher self/],
      [["--model", "http://x"], /--suite/]
    ]
    const found = await Promise.all(cases.map(([args]) => sml(["eval", ...args])))
    found.forEach((ended, at) => {
      assertOneSentence(ended, cases[at]?.[1] ?? /^$/)
    })
  })
})
