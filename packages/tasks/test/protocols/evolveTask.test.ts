import type { Verdict } from "@sml/env-pomdp"
import {
  announcementBefore,
  createTasks,
  evolvedVerdict,
  evolveTask,
  goalAt,
  TaskSourceError,
  verifyAnswer
} from "@sml/tasks"
import * as fc from "fast-check"
import { assert, describe, it } from "vitest"

const goals = createTasks("long-multiplication", { seed: 3, size: 3 })

describe("evolveTask", () => {
  it("has exactly one goal in force at every turn, and announces each new one once", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }), (first, gap) => {
        const task = evolveTask(goals, [first, first + gap])
        for (let turn = 0; turn < 15; turn++) {
          const number = turn < first ? 0 : turn < first + gap ? 1 : 2
          assert.deepStrictEqual(goalAt(task, turn), goals[number])
          const said = announcementBefore(task, turn)
          const isChange = turn === first || turn === first + gap
          assert.strictEqual(said !== undefined, isChange)
          if (isChange) assert.include(said, goals[number]?.prompt ?? "")
        }
      })
    )
  })

  it("is judged by the goal in force, and ends with the last one only", () => {
    const task = evolveTask(goals, [1, 2], ["Now this.", "Now that."])
    const answers = goals.map(({ prompt }) => {
      const [a = 0, b = 0] = (prompt.match(/\d+/g) ?? []).map(Number)
      return String(a * b)
    })
    for (const [turn, answer] of answers.entries()) {
      for (const [other, text] of answers.entries()) {
        const correct = verifyAnswer(goalAt(task, turn), text) === true
        assert.strictEqual(correct, other === turn)
        const verdict: Verdict = { _tag: "Attempt", correct, diagnostics: null }
        assert.deepStrictEqual(evolvedVerdict(task, turn, verdict), {
          _tag: "Attempt",
          correct: correct && turn === 2,
          diagnostics: { goal: turn, reached: correct, diagnostics: null }
        })
      }
      assert.isTrue(verifyAnswer(goalAt(task, turn), answer))
    }
    assert.deepStrictEqual(evolvedVerdict(task, 2, { _tag: "NoAttempt" }), { _tag: "NoAttempt" })
    assert.strictEqual(announcementBefore(task, 2), "Now that.")
  })

  it("refuses goals and turns that do not fit", () => {
    for (const [some, turns] of [
      [goals.slice(0, 1), []],
      [goals, [1]],
      [goals, [2, 2]],
      [goals, [0, 1]],
      [goals, [1.5, 2]]
    ] as const) {
      assert.throws(
        () => evolveTask(some, turns),
        TaskSourceError,
        /give one for each|give ascending/
      )
    }
    const [task] = goals
    assert(task !== undefined)
    assert.throws(() => goalAt(task, 0), /does not change; make such a task with evolveTask/)
  })
})
