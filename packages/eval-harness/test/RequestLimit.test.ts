import { assert, describe, it } from "@effect/vitest"
import { Student } from "@sml/env-pomdp"
import { RequestLimit } from "@sml/eval-harness"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { TestClock } from "effect/testing"

const startsOf = (limit: RequestLimit["Service"], count: number, millis: number) =>
  Effect.gen(function* () {
    const starts: Array<number> = []
    let running = 0
    let most = 0
    const request = Effect.gen(function* () {
      starts.push(yield* Clock.currentTimeMillis)
      most = Math.max(most, ++running)
      yield* Effect.sleep(millis)
      running--
    })
    const all = yield* Effect.forEach(Array.from({ length: count }), () => limit.run(request), {
      concurrency: "unbounded",
      discard: true
    }).pipe(Effect.forkChild)
    yield* TestClock.adjust("10 minutes")
    yield* Fiber.join(all)
    return { starts, most }
  })

describe("RequestLimit", () => {
  it.effect("starts no more requests in any minute than it may", () =>
    Effect.gen(function* () {
      const limit = yield* RequestLimit.make({ requestsPerMinute: 30 })
      const { starts } = yield* startsOf(limit, 70, 10)
      assert.strictEqual(starts.length, 70)
      for (const start of starts) {
        const within = starts.filter((each) => each >= start && each < start + 60_000)
        assert.isAtMost(within.length, 30)
      }
      assert.strictEqual(Math.max(...starts) - Math.min(...starts), 69 * 2000)
    })
  )

  it.effect("runs no more at a time than it may", () =>
    Effect.gen(function* () {
      const limit = yield* RequestLimit.make({ concurrency: 3 })
      const { most, starts } = yield* startsOf(limit, 10, 100)
      assert.strictEqual(most, 3)
      assert.strictEqual(starts.length, 10)
    })
  )

  it.effect("limits nothing that is not given", () =>
    Effect.gen(function* () {
      const limit = yield* RequestLimit.make({})
      assert.strictEqual((yield* startsOf(limit, 10, 100)).most, 10)
    })
  )

  it.effect("stands around a student", () =>
    Effect.gen(function* () {
      const student = Layer.succeed(Student, { speak: () => Effect.succeed({ text: "hi" }) })
      const limited = RequestLimit.layerStudent.pipe(
        Layer.provide(Layer.merge(student, RequestLimit.layer({ concurrency: 1 })))
      )
      const said = yield* Effect.gen(function* () {
        const inner = yield* Student
        return yield* inner.speak({ history: [] }, { episode: "e", turn: 0, seed: 0 })
      }).pipe(Effect.provide(limited))
      assert.strictEqual(said.text, "hi")
    })
  )

  it.effect("refuses limits that let nothing through", () =>
    Effect.gen(function* () {
      for (const options of [{ concurrency: 0 }, { requestsPerMinute: -1 }, { concurrency: 1.5 }]) {
        const exit = yield* Effect.exit(RequestLimit.make(options))
        assert.strictEqual(exit._tag, "Failure")
      }
    })
  )
})
