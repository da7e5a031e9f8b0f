import { assert, describe, it } from "@effect/vitest"
import { Student, StudentError } from "@sml/env-pomdp"
import {
  EvaluationStore,
  protocols,
  renderEvaluationTable,
  runProtocol,
  type RunProtocolOptions,
  type Protocol
} from "@sml/eval-harness"
import { renderEvaluation } from "@sml/eval-harness/renderEvaluation"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { parseHTML } from "linkedom"

import { numberTasks, parties, seededStudent } from "./scriptedParties.ts"

const tasks = numberTasks(8)
const protocol = protocols.feedback({ turns: 3, repeats: 2, levels: ["binary", "diagnostic"] })

const run = (
  student: Student["Service"] = seededStudent,
  options: Partial<RunProtocolOptions> = {},
  which: Protocol = protocol
) =>
  runProtocol(which, { tasks, resamples: 20, model: "a <model>", ...options }).pipe(
    Effect.provide(Layer.merge(parties(student), EvaluationStore.layerMemory))
  )

const documentOf = (page: string) => parseHTML(page).document

describe("renderEvaluation", () => {
  it.effect("shows every number with its n, curves, and dialogues with every turn labelled", () =>
    Effect.gen(function* () {
      const { evaluation, records } = yield* run()
      const page = renderEvaluation(evaluation, records, { shown: 100 })
      const document = documentOf(page)
      for (const row of document.querySelector("section")?.querySelectorAll("tbody tr") ?? []) {
        const cells = [...row.querySelectorAll("td")]
        if (cells.length !== 3) continue
        assert.match(cells[2]?.textContent ?? "", /^\s*\d+\s*$/)
      }
      assert.strictEqual(document.querySelectorAll("figure svg").length, 2)
      assert.match(document.querySelector("figcaption")?.textContent ?? "", /binary: n = 8/)
      const turns = records.reduce((sum, { labels }) => sum + labels.length, 0)
      const shown = [...document.querySelectorAll(".turns > li")]
      assert.strictEqual(shown.length, turns)
      for (const turn of shown) assert.match(turn.textContent ?? "", /answer attempt [✓✗]/)
      assert.match(page, /diagnostic − binary = .* n=4 tasks/)
      assert.notMatch(page, /<script|src=|https?:\/\/(?!www\.w3\.org)/)
    })
  )

  it.effect("lets nothing that a student, a task or a server says become markup", () =>
    Effect.gen(function* () {
      const evil = `</pre><script>alert(9)</script><img src=x onerror="alert(9)">'`
      const hostile = Student.of({
        speak: (_observation, { episode, turn }) =>
          episode.includes("task 1") && turn === 1
            ? Effect.fail(new StudentError({ reason: evil }))
            : Effect.succeed({ text: evil })
      })
      const { evaluation, records } = yield* run(hostile, {
        tasks: tasks.map(({ domain, id, knowledge, missing }) => ({
          id: `${id}${evil}`,
          domain,
          prompt: evil,
          knowledge,
          missing
        })),
        model: { name: evil }
      })
      const document = documentOf(
        renderEvaluation(evaluation, records, { title: evil, facts: { [evil]: evil } })
      )
      assert.strictEqual(document.querySelectorAll("script, img, iframe").length, 0)
      for (const element of document.querySelectorAll("*")) {
        for (const { name } of element.attributes) assert.notMatch(name, /^on/i)
      }
      assert.strictEqual(document.querySelector("h1")?.textContent, evil)
      assert.strictEqual(document.querySelector(".student .said")?.textContent, evil)
      assert.include(document.querySelector("main")?.textContent, "broken off by a failure")
    })
  )

  it.effect("is a page even of a run with one turn, and of none", () =>
    Effect.gen(function* () {
      const { evaluation, records } = yield* run(seededStudent, {}, protocols["single-turn"]())
      assert.strictEqual(
        documentOf(renderEvaluation(evaluation, records)).querySelectorAll("figure").length,
        0
      )
      assert.match(
        renderEvaluation({ ...evaluation, results: {}, comparisons: [], dialogues: 0 }, []),
        /^<!doctype html>/
      )
    })
  )
})

describe("renderEvaluationTable", () => {
  it.effect("is at most 100 columns wide, without codes that a terminal obeys", () =>
    Effect.gen(function* () {
      const failing = Student.of({
        speak: (_observation, { episode }) =>
          episode.includes("task 1")
            ? Effect.fail(new StudentError({ reason: "bell \u0007 red \u001b[31m" }))
            : Effect.succeed({ text: "it is 0" })
      })
      const { evaluation } = yield* run(failing)
      const text = renderEvaluationTable(evaluation)
      assert.notMatch(text, /[^\P{Cc}\n]/u)
      const [table = ""] = text.split("\n\nmath, ")
      for (const line of table.split("\n")) assert.isAtMost(line.length, 100)
      assert.match(text, /success@3 +\d+\.\d% \[\d+\.\d, \d+\.\d\] n=8/)
      assert.match(text, /4 of 32 dialogues were broken off; the first: bell {3}red/)
      assert.match(
        renderEvaluationTable(evaluation, { metrics: ["attempt-rate"] }),
        /attempts per turn/
      )
    })
  )
})
