import { assert, describe, it } from "@effect/vitest"
import { Verifier } from "@sml/env-pomdp"
import { Progress } from "@sml/trainer/Progress"
import type { ViewEvent } from "@sml/trainer/ViewState"
import { patientVerifier, Waits } from "@sml/trainer/Waits"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

const task = { id: "1", domain: "math", prompt: "1 + 1 ?", knowledge: 2, missing: [] }

describe("Waits", () => {
  it("says within seconds who is waited for and how long, and when the wait is over", async () => {
    const events: Array<ViewEvent> = []
    const progress = Layer.succeed(Progress, {
      emit: (event) => Effect.sync(() => void events.push(event)),
      farewell: () => Effect.void
    })
    const hanging = Layer.succeed(Verifier, { check: () => Effect.never })
    const deadlines = { answerDeadline: 7, stallDeadline: 60 }
    const program = Effect.gen(function* () {
      const { check } = yield* Verifier
      const error = yield* Effect.flip(check(task, "2"))
      // the view is told at the next look
      yield* Effect.sleep("1100 millis")
      return error
    }).pipe(
      Effect.provide(
        patientVerifier(hanging, deadlines).pipe(
          Layer.provide(Waits.layer),
          Layer.provide(progress)
        )
      )
    )
    const error = await Effect.runPromise(program)
    assert.strictEqual(error.message, "the verifier has not answered for 7 s")
    const waits = events.flatMap((event) => (event._tag === "Waiting" ? [event.waiting] : []))
    assert.deepInclude(waits[0], { stage: "verifier", limit: 7 })
    assert.approximately(waits[0]?.seconds ?? 0, 5.5, 1)
    assert.isUndefined(waits.at(-1))
    assert.isAbove(waits.length, 1)
  }, 30_000)
})
