import { assert, describe, it } from "@effect/vitest"
import { Progress } from "@sml/trainer/Progress"
import { Screen } from "@sml/trainer/Screen"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { TestClock } from "effect/testing"

import { stepRecord } from "./support/stepRecord.ts"

const shown = (animates: boolean, program: Effect.Effect<void, never, Progress>) =>
  Effect.gen(function* () {
    const sink: Array<string> = []
    yield* program.pipe(
      Effect.provide(Progress.layer.pipe(Layer.provide(Screen.layerCollect(sink, { animates }))))
    )
    return sink
  })

const emit = Effect.fnUntraced(function* (event: Parameters<Progress["Service"]["emit"]>[0]) {
  yield* (yield* Progress).emit(event)
})

const begin = Effect.gen(function* () {
  yield* emit({
    _tag: "Plan",
    title: "a run",
    parts: [{ name: "training", kind: "steps", total: 100, guess: 1 }]
  })
  yield* emit({ _tag: "Begin", name: "training" })
})

describe("Progress", () => {
  it.effect("plain: says something every two seconds, however long a step takes", () =>
    Effect.gen(function* () {
      const sink = yield* shown(
        false,
        Effect.gen(function* () {
          yield* begin
          yield* emit({ _tag: "Detail", text: "dialogues: 3/32 tasks finished" })
          yield* TestClock.adjust("10 seconds")
        })
      )
      const waiting = sink
        .join("")
        .split("\n")
        .filter((line) => line.includes("3/32"))
      assert.isAtLeast(waiting.length, 4)
    })
  )

  it.effect("plain: one line for several quick steps, the first one at once", () =>
    Effect.gen(function* () {
      const sink = yield* shown(
        false,
        Effect.gen(function* () {
          yield* begin
          for (let step = 1; step <= 20; step++) {
            yield* emit({ _tag: "Step", record: stepRecord(step, 0.5) })
            yield* TestClock.adjust("200 millis")
          }
        })
      )
      const lines = sink.join("").split("\n")
      const steps = lines.filter((line) => line.startsWith("step "))
      assert.match(steps[0] ?? "", /^step 1\/100 {2}reward 0.50 {2}success by turn 30% 40% 50% 63%/)
      assert.isAtLeast(steps.length, 2)
      assert.isAtMost(steps.length, 5)
      // oxlint-disable-next-line no-control-regex
      assert.notMatch(lines.join(""), /\u001b/)
    })
  )

  it.effect("live: draws in place, keeps notes, and leaves the cursor visible", () =>
    Effect.gen(function* () {
      const sink = yield* shown(
        true,
        Effect.gen(function* () {
          yield* begin
          yield* TestClock.adjust("300 millis")
          yield* emit({ _tag: "Note", text: "run folder: here" })
          yield* TestClock.adjust("300 millis")
        })
      )
      const text = sink.join("")
      assert.isTrue(text.startsWith("\u001b[?25l"))
      assert.isTrue(text.endsWith("\u001b[?25h"))
      assert.include(text, "\u001b[2A\r\u001b[0Jrun folder: here\n")
      assert.include(text, "training 0/100")
    })
  )
})
