import { assert, describe, it as test, layer } from "@effect/vitest"
import type { TakeOptions } from "@sml/tasks"
import { TaskSource } from "@sml/tasks"
import * as Effect from "effect/Effect"

const domains = ["math", "code"] as const

layer(TaskSource.layerNano())("TaskSource.layerNano", (it) => {
  it.effect("gives equal tasks to equal requests, and others to other seeds", () =>
    Effect.gen(function* () {
      const source = yield* TaskSource
      for (const domain of domains) {
        const request = { domain, split: "train", seed: 7, count: 20 } as const
        const tasks = yield* source.take(request)
        assert.lengthOf(tasks, 20)
        assert.deepStrictEqual(yield* source.take(request), tasks)
        assert.notDeepEqual(yield* source.take({ ...request, seed: 8 }), tasks)
      }
    })
  )

  it.effect("begins a longer list with the shorter one", () =>
    Effect.gen(function* () {
      const source = yield* TaskSource
      const request = { domain: "math", split: "test", seed: 1, count: 30 } as const
      const long = yield* source.take(request)
      assert.deepStrictEqual(yield* source.take({ ...request, count: 10 }), long.slice(0, 10))
    })
  )

  it.effect("never gives a test statement for training, whatever the seeds and the form", () =>
    Effect.gen(function* () {
      const source = yield* TaskSource
      const statements = Effect.fnUntraced(function* (split: "train" | "test") {
        const all = new Set<string>()
        for (const domain of domains) {
          for (const underspecified of [false, true]) {
            for (const seed of [0, 1, 0xffffffff]) {
              const tasks = yield* source.take({ domain, split, seed, count: 300, underspecified })
              for (const task of tasks) all.add(task.prompt)
            }
          }
        }
        return all
      })
      const train = yield* statements("train")
      const held = yield* statements("test")
      assert(train.size > 500 && held.size > 200)
      assert.deepStrictEqual(
        Array.from(held).filter((statement) => train.has(statement)),
        []
      )
    })
  )

  it.effect("keeps its streams: a change here changes every recorded result", () =>
    Effect.gen(function* () {
      const source = yield* TaskSource
      const first = Effect.fnUntraced(function* (request: Omit<TakeOptions, "seed" | "count">) {
        return (yield* source.take({ ...request, seed: 1, count: 1 })).map((task) => task.id)
      })
      assert.deepStrictEqual(
        {
          train: yield* first({ domain: "math", split: "train" }),
          test: yield* first({ domain: "math", split: "test" }),
          code: yield* first({ domain: "code", split: "train" }),
          vague: yield* first({ domain: "code", split: "test", underspecified: true })
        },
        {
          train: ["math:a=30.b=2*5-5.c=a-b.findc."],
          test: ["math:a=10.b=6*2-6.c=a+b.findc."],
          code: ["code:writef(x)=x*k-m.f(3)=19.f(4)=26."],
          vague: ["code:writef(x)=x*k-m.f(2)=3.k=2"]
        }
      )
    })
  )

  it.effect("refuses requests that mean nothing", () =>
    Effect.gen(function* () {
      const source = yield* TaskSource
      const request = { domain: "math", split: "train", seed: 1, count: 1 } as const
      for (const wrong of [{ count: -1 }, { count: 1.5 }, { seed: -1 }, { seed: 2 ** 32 }]) {
        const error = yield* Effect.flip(source.take({ ...request, ...wrong }))
        assert.match(error.message, /^The request for tasks cannot be used/)
      }
    })
  )
})

describe("TaskSource options", () => {
  test.effect("names a difficulty that is out of range or misspelt", () =>
    Effect.gen(function* () {
      const extra = { hardshare: 1 }
      const misspelt = { math: { hardShare: 1, ...extra } }
      for (const options of [{ code: { maximumK: 40 } }, misspelt]) {
        const error = yield* Effect.flip(
          Effect.provide(
            Effect.gen(function* () {
              yield* TaskSource
            }),
            TaskSource.layerNano(options)
          )
        )
        assert.match(error.message, /maximumK|hardshare/)
      }
    })
  )

  test.effect("fails in one sentence when no task fits", () =>
    Effect.gen(function* () {
      const source = yield* TaskSource
      const error = yield* Effect.flip(
        source.take({ domain: "code", split: "train", seed: 1, count: 1 })
      )
      assert.match(error.message, /raise maximumInput or lower minimumInput/)
    }).pipe(Effect.provide(TaskSource.layerNano({ code: { minimumInput: 3, maximumInput: 3 } })))
  )

  test("takes only the known domains", () => {
    // @ts-expect-error there is no such domain
    const request: TakeOptions = { domain: "poetry", split: "train", seed: 1, count: 1 }
    assert.strictEqual(request.count, 1)
  })
})
