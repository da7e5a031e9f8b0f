import { existsSync } from "node:fs"
import { join } from "node:path"

import { assert, describe, it } from "@effect/vitest"
import type { Task } from "@sml/env-pomdp"
import { appendStudent, appendTeacher, reset, Teacher } from "@sml/env-pomdp"
import {
  layerProtocolTeacher,
  premiseTask,
  protocolTask,
  protocolTurns,
  readTasks,
  shardedKnowledge,
  shardTask
} from "@sml/tasks"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"

const taskOf = (prompt: string): Task => ({
  id: "t",
  domain: "math",
  prompt,
  knowledge: { kind: "math-answer", answer: "9", solution: "16 - 7 = 9" },
  missing: []
})

const piecesOf = (prompt: string): ReadonlyArray<string> | undefined => {
  const task = shardTask(taskOf(prompt))
  if (task === undefined) return undefined
  return [task.prompt, ...shardedKnowledge(task).shards.map(({ text }) => text)]
}

const cut = (prompt: string): Task => {
  const task = shardTask(taskOf(prompt))
  assert(task !== undefined)
  return task
}

const numbers = (text: string) => (text.match(/\d[\d,.]*\d|\d/g) ?? []).toSorted()

describe("shardTask", () => {
  it.each([
    [
      "Mr. Smith has 3.5 kg of flour. He uses 1.5 kg, but he buys 2 kg more. How much has he?",
      [
        "How much has he?",
        "Mr. Smith has 3.5 kg of flour.",
        "He uses 1.5 kg.",
        "He buys 2 kg more."
      ]
    ],
    [
      "Ann has 3 pens, 4 cups, and 5 hats. If each pen costs $2, how much are the pens?",
      ["How much are the pens?", "Ann has 3 pens, 4 cups, and 5 hats.", "Each pen costs $2."]
    ],
    [
      "John is a farmer. He has 5 cows . he sells 2 cows . How many are left ?",
      ["How many are left?", "John is a farmer. He has 5 cows.", "He sells 2 cows."]
    ],
    [
      "How much does Ben pay for 3 books if each costs $8?",
      ["How much does Ben pay for 3 books?", "Each costs $8."]
    ],
    [
      "After 60 days, how much has she? She saves $2 a day.",
      ["After 60 days, how much has she?", "She saves $2 a day."]
    ],
    [
      "If Bo has 40 crabs and Al has 4 fewer, calculate the total.",
      ["Calculate the total.", "Bo has 40 crabs and Al has 4 fewer."]
    ]
  ])("%s", (prompt, pieces) => {
    assert.deepStrictEqual(piecesOf(prompt), pieces)
  })

  it("leaves what it cannot cut", () => {
    for (const prompt of [
      "How many days has a week?",
      "Ann has 3 pens.",
      "```f(1)``` is 2. What is f(2)?"
    ]) {
      assert.isUndefined(piecesOf(prompt))
    }
    const whole = taskOf("Ann has 3 pens. How many?")
    assert.isUndefined(shardTask({ ...whole, missing: ["pens"] }))
    assert.isUndefined(shardTask({ ...whole, knowledge: null }))
  })

  it("keeps what the verifier reads, and the statement", () => {
    const prompt = "Ducks lay 16 eggs. Janet eats 7 of them. How many eggs are left?"
    const task = cut(prompt)
    assert.deepStrictEqual(task.missing, ["fact 1", "fact 2"])
    assert.deepInclude(task.knowledge, { kind: "math-answer", answer: "9", statement: prompt })
  })

  it("loses no number, whatever the text", () => {
    const word = fc.constantFrom(
      "Ann",
      "has",
      "3",
      "$4.50",
      "cups",
      ", and",
      "she",
      "how many",
      "if",
      "?",
      ".",
      "Mr.",
      "1,000",
      ";"
    )
    fc.assert(
      fc.property(fc.array(word, { minLength: 3, maxLength: 40 }), (words) => {
        const prompt = words.join(" ")
        const pieces = piecesOf(prompt)
        if (pieces !== undefined) assert.deepStrictEqual(numbers(pieces.join(" ")), numbers(prompt))
      })
    )
  })

  const file = join(import.meta.dirname, "../../../../../shared/data/gsm8k/test.jsonl")
  if (!existsSync(file)) console.log(`skipped: GSM8K is not at ${file}`)

  it.effect.runIf(existsSync(file))(
    "cuts nineteen of twenty GSM8K problems and loses no number",
    () =>
      Effect.gen(function* () {
        const tasks = yield* readTasks({ path: file })
        const all = tasks.map(({ prompt }) => ({ prompt, pieces: piecesOf(prompt) }))
        const done = all.filter(({ pieces }) => pieces !== undefined)
        assert.isAbove(done.length / tasks.length, 0.95)
        for (const { pieces = [], prompt } of done) {
          assert.deepStrictEqual(numbers(pieces.join(" ")), numbers(prompt))
        }
      })
  )
})

const eggs = cut("Ducks lay 16 eggs. Janet eats 7 of them. How many eggs are left?")
const protocols = ["full", "concat", "sharded", "recap", "snowball"] as const

describe("protocolTurns", () => {
  const pieces = ["How many eggs are left?", "Ducks lay 16 eggs.", "Janet eats 7 of them."]

  it("says the same pieces under every protocol, and each of them once as new", () => {
    for (const protocol of protocols) {
      const turns = protocolTurns(eggs, protocol)
      const said = turns.map(({ text }) => text).join("\n")
      for (const piece of pieces) assert.include(said, piece)
      assert.deepStrictEqual(
        turns.flatMap(({ disclosed }) => disclosed),
        eggs.missing
      )
    }
  })

  it("has as many turns as the protocol says", () => {
    const counts = protocols.map((protocol) => protocolTurns(eggs, protocol).length)
    assert.deepStrictEqual(counts, [1, 1, 3, 4, 3])
  })

  it("repeats everything in the last turn of recap and, but for the new piece, of snowball", () => {
    const [recap, snowball] = [protocolTurns(eggs, "recap"), protocolTurns(eggs, "snowball")]
    for (const piece of pieces) {
      assert.include(recap.at(-1)?.text, piece)
      assert.include(snowball.at(-1)?.text, piece)
    }
    assert.notInclude(snowball[1]?.text, pieces[2] ?? "")
  })

  it("asks for a sharded task", () => {
    const task = { id: "t", domain: "math", prompt: "?", knowledge: {}, missing: [] }
    assert.throws(() => protocolTurns(task, "full"), /The task t is not sharded; make it so/)
  })
})

describe("layerProtocolTeacher", () => {
  it.effect.each(protocols)("%s: tells the turns in order, whatever the student says", (protocol) =>
    Effect.gen(function* () {
      const teacher = yield* Teacher
      const task = protocolTask(eggs, protocol)
      const turns = protocolTurns(eggs, protocol)
      let state = reset(task, { horizon: 10 })
      assert.deepStrictEqual(state.history, [{ role: "teacher", text: turns[0]?.text ?? "" }])
      for (const turn of turns.slice(1)) {
        // the verifier may have failed on a turn: nothing is skipped
        state = appendStudent(state, { text: "Let me think." }, undefined)
        const reply = yield* teacher.reply(state)
        assert.deepStrictEqual(reply, turn)
        state = appendTeacher(state, reply)
      }
      const last = yield* teacher.reply(appendStudent(state, { text: "9" }, undefined))
      assert.match(last.text, /told you everything/)
      assert.strictEqual(task.missing.length > 0, turns.length > 1)
    }).pipe(Effect.provide(layerProtocolTeacher(protocol)))
  )
})

describe("premiseTask", () => {
  it("leaves out one fact, or none", () => {
    const whole = premiseTask(eggs)
    assert.strictEqual(
      whole.prompt,
      "Ducks lay 16 eggs. Janet eats 7 of them. How many eggs are left?"
    )
    assert.deepInclude(whole.knowledge, { answerable: true, answer: "9", premise: "" })
    const less = premiseTask(eggs, 0)
    assert.strictEqual(less.prompt, "Janet eats 7 of them. How many eggs are left?")
    assert.deepInclude(less.knowledge, { answerable: false, premise: "Ducks lay 16 eggs." })
    assert.throws(() => premiseTask(eggs, 2), /has no fact 2; choose another/)
  })
})
