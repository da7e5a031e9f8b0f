import { assert, describe, it } from "@effect/vitest"
import { progressLine } from "@sml/trainer/LogLine"
import { renderLive } from "@sml/trainer/renderLive"
import { renderPlainWait } from "@sml/trainer/renderPlain"
import { colourless } from "@sml/trainer/Style"
import type { ViewEvent } from "@sml/trainer/ViewState"
import { advanceView, initialView } from "@sml/trainer/ViewState"

import { stepRecord } from "./support/stepRecord.ts"

const parts = [
  { name: "before", kind: "dialogues", total: 100, guess: 0.1 },
  { name: "training", kind: "steps", total: 10, guess: 2 },
  { name: "after", kind: "dialogues", total: 100, guess: 0.1 }
] as const

/** The view after events at the given seconds. */
const viewOf = (events: ReadonlyArray<readonly [number, ViewEvent]>) =>
  events.reduce(
    (state, [seconds, event]) => advanceView(state, event, seconds * 1000),
    initialView(0)
  )

const begun: ReadonlyArray<readonly [number, ViewEvent]> = [
  [0, { _tag: "Plan", title: "sml train: math", parts }],
  [0, { _tag: "Begin", name: "before" }],
  [5, { _tag: "Advance", done: 100 }],
  [5, { _tag: "Begin", name: "training" }],
  [6, { _tag: "Step", record: stepRecord(1, 0.5) }],
  [7, { _tag: "Step", record: stepRecord(2, 0.75) }]
]

const options = { columns: 100, rows: 40, style: colourless }

describe("renderLive", () => {
  it("shows step, reward, success by turn, speed, shares and time left", () => {
    assert.deepStrictEqual(renderLive(viewOf(begun), { ...options, at: 7000 }), [
      "sml train: math",
      "training 2/10 ━━━━━━━━──────────────────────────────── 20%  0:13 left",
      "  reward 0.63, discounted 0.50 ▁█",
      "  success by turn  1 ▃ 30%   2 ▄ 40%   3 ▅ 50%   4 ▆ 63%",
      "  questions 5%   entropy 0.42 nats   20k tokens/s   1.00 s/step",
      "  rollout 48% · verification 2% · gradient 50%"
    ])
  })

  it("says what is waited for, until it answers", () => {
    const waiting = { stage: "verifier", seconds: 12.4, limit: 300 }
    const view = viewOf([...begun, [8, { _tag: "Waiting", waiting }]])
    assert.include(
      renderLive(view, { ...options, at: 8000 }).join("\n"),
      "waiting for the verifier, 12 s of 300"
    )
    assert.deepStrictEqual(renderPlainWait(view, 20_000, 0).lines, [
      "training 2/10  waiting for the verifier, 12 s of 300  1:05 left"
    ])
    assert.deepInclude(progressLine(view, 8000), { waiting })
    const answered = advanceView(view, { _tag: "Waiting", waiting: undefined }, 9000)
    assert.notInclude(renderLive(answered, { ...options, at: 9000 }).join("\n"), "waiting")
  })

  it("measures the time left: evaluations at the pace of the first one", () => {
    // 8 steps of 1 s, 100 dialogues of 0.05 s
    const line = renderLive(viewOf(begun), { ...options, at: 7000 })[1] ?? ""
    assert.include(line, "0:13 left")
    // before anything is measured, the guesses count
    const first = renderLive(viewOf(begun.slice(0, 2)), { ...options, at: 0 })[1] ?? ""
    assert.include(first, "0:40 left")
  })

  it("shows a sample dialogue without what could harm the terminal", () => {
    const view = viewOf([
      ...begun,
      [
        7,
        {
          _tag: "Dialogue",
          turns: [
            { role: "teacher", text: "find c ." },
            { role: "student", text: "\u001b[2Janswer: 3\n3" }
          ]
        }
      ]
    ])
    const lines = renderLive(view, { ...options, at: 7000 })
    assert.deepStrictEqual(lines.slice(-2), ["  teacher  find c .", "  student   [2Janswer: 3 3"])
  })

  it("stays inside the terminal", () => {
    for (const columns of [20, 40, 60]) {
      for (const rows of [1, 3, 10]) {
        const lines = renderLive(viewOf(begun), { columns, rows, style: colourless, at: 9000 })
        assert.isAtMost(lines.length, rows)
        for (const line of lines) assert.isAtMost(line.length, columns)
      }
    }
  })
})
