import { assert, describe, it } from "@effect/vitest"
import { heldOutTasks } from "@sml/eval-harness"
import { splitOf, TaskSource } from "@sml/tasks"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

describe("heldOutTasks", () => {
  it.effect(
    "gives different tasks of the test split, the longer list beginning with the shorter",
    () =>
      Effect.gen(function* () {
        for (const domain of ["math", "code"] as const) {
          const tasks = yield* heldOutTasks({ domain, count: 120, seed: 5 })
          assert.strictEqual(new Set(tasks.map(({ id }) => id)).size, 120)
          for (const task of tasks) assert.strictEqual(splitOf(task.prompt), "test")
          assert.deepStrictEqual(
            yield* heldOutTasks({ domain, count: 40, seed: 5 }),
            tasks.slice(0, 40)
          )
          assert.notDeepEqual(
            yield* heldOutTasks({ domain, count: 40, seed: 6 }),
            tasks.slice(0, 40)
          )
        }
        const under = yield* heldOutTasks({ domain: "math", count: 3, underspecified: true })
        for (const { missing } of under) assert.isNotEmpty(missing)
        assert.deepStrictEqual(yield* heldOutTasks({ domain: "math", count: 0 }), [])
      }).pipe(Effect.provide(TaskSource.layerNano()))
  )

  it.effect("says so when a domain has too few", () =>
    Effect.gen(function* () {
      const error = yield* heldOutTasks({ domain: "math", count: 3 }).pipe(Effect.flip)
      assert.strictEqual(error._tag, "EvaluationError")
      assert.match(error.message, /only 2 different/)
    }).pipe(
      Effect.provide(
        Layer.succeed(TaskSource, {
          take: ({ count, domain }) =>
            Effect.succeed(
              Array.from({ length: count }, (_, index) => ({
                id: `${index % 2}`,
                domain,
                prompt: "p",
                knowledge: null,
                missing: []
              }))
            )
        })
      )
    )
  )
})
