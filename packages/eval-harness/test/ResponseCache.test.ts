import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, layer } from "@effect/vitest"
import { Student, StudentError } from "@sml/env-pomdp"
import { ResponseCache } from "@sml/eval-harness"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Path from "effect/Path"
import * as Schema from "effect/Schema"

const inFolder = <A, E>(
  folder: string,
  use: (cache: ResponseCache["Service"]) => Effect.Effect<A, E>
) =>
  Effect.gen(function* () {
    return yield* use(yield* ResponseCache)
  }).pipe(Effect.provide(ResponseCache.layerFolder(folder)))

const speak = (seed: number, text = "1 + 1 ?") =>
  Effect.gen(function* () {
    const student = yield* Student
    return yield* student.speak(
      { history: [{ role: "teacher", text }] },
      { episode: "e", turn: 0, seed }
    )
  })

layer(NodeServices.layer)("ResponseCache", (it) => {
  describe("in a folder", () => {
    it.effect("keeps answers by the content of the question, over restarts", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const folder = yield* fs.makeTempDirectoryScoped()
        let asked = 0
        const ask = (key: Schema.Json) =>
          inFolder(folder, (cache) =>
            cache.through(
              key,
              Schema.String,
              Effect.sync(() => `answer ${++asked}`)
            )
          )
        assert.strictEqual(yield* ask({ a: 1, b: [2] }), "answer 1")
        assert.strictEqual(yield* ask({ b: [2], a: 1 }), "answer 1")
        assert.strictEqual(yield* ask({ a: 1, b: [3] }), "answer 2")
        // a cut last line costs that answer alone, and the next line does not run on from it
        const file = (yield* Path.Path).join(folder, "responses.jsonl")
        yield* fs.writeFileString(file, (yield* fs.readFileString(file)).slice(0, -5))
        assert.strictEqual(yield* ask({ a: 1, b: [3] }), "answer 3")
        assert.strictEqual(yield* ask({ a: 1, b: [3] }), "answer 3")
        assert.strictEqual(yield* ask({ a: 1, b: [2] }), "answer 1")
      })
    )

    it.effect("keeps no failures, and nothing that does not fit", () =>
      Effect.gen(function* () {
        const folder = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped()
        const counts = yield* inFolder(folder, (cache) =>
          Effect.gen(function* () {
            yield* cache.through("q", Schema.String, Effect.fail("no")).pipe(Effect.flip)
            assert.strictEqual(yield* cache.through("q", Schema.Int, Effect.succeed(1)), 1)
            assert.strictEqual(yield* cache.through("q", Schema.String, Effect.succeed("s")), "s")
            assert.strictEqual(yield* cache.through("q", Schema.String, Effect.succeed("t")), "s")
            return yield* cache.counts
          })
        )
        assert.deepStrictEqual(counts, { hits: 1, misses: 3 })
      })
    )
  })

  describe("around a student", () => {
    it.effect("asks it once for each model, history and seed", () =>
      Effect.gen(function* () {
        const seen: Array<number> = []
        const inner = Layer.succeed(Student, {
          speak: (_observation, { seed }) =>
            Effect.sync(() => {
              seen.push(seed)
              return { text: `${seed}`, usage: { inputTokens: 1, outputTokens: 2 } }
            })
        })
        const cached = (model: string) =>
          ResponseCache.layerStudent(model).pipe(Layer.provide(inner))
        yield* Effect.gen(function* () {
          const first = yield* speak(1).pipe(Effect.provide(cached("m")))
          assert.deepStrictEqual(yield* speak(1).pipe(Effect.provide(cached("m"))), first)
          yield* speak(2).pipe(Effect.provide(cached("m")))
          yield* speak(1, "2 + 2 ?").pipe(Effect.provide(cached("m")))
          yield* speak(1).pipe(Effect.provide(cached("n")))
        }).pipe(Effect.provide(ResponseCache.layerMemory))
        assert.deepStrictEqual(seen, [1, 2, 1, 1])
      })
    )

    it.effect("lets its failures through", () =>
      Effect.gen(function* () {
        const mute = Layer.succeed(Student, {
          speak: () => Effect.fail(new StudentError({ reason: "no voice" }))
        })
        const error = yield* speak(1).pipe(
          Effect.provide(
            ResponseCache.layerStudent("m").pipe(
              Layer.provide(Layer.merge(mute, ResponseCache.layerMemory))
            )
          ),
          Effect.flip
        )
        assert.strictEqual(error.message, "no voice")
      })
    )
  })
})
