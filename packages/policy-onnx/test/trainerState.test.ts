import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { assert, describe, it as test } from "@effect/vitest"
import { type Datum, Learner } from "@sml/policy"
import { OnnxPolicy } from "@sml/policy-onnx"
import * as Effect from "effect/Effect"

import { adamW, allWeighted, goldenCheckpoint, tinyConfig } from "./fixture.ts"

const crossEntropy = { _tag: "CrossEntropy", normaliser: "weight" } as const
const data: ReadonlyArray<Datum> = [allWeighted([1, 5, 9, 2, 7, 3, 3, 8]), allWeighted([4, 4, 2])]

const temporary = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "sml-state-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true }))
)

const train = Effect.fnUntraced(function* (steps: number) {
  const learner = yield* Learner
  for (let step = 0; step < steps; step++) {
    yield* learner.forwardBackward(data, crossEntropy)
    yield* learner.step(adamW)
  }
})

const weightsAfter = Effect.fnUntraced(function* (steps: number) {
  const learner = yield* Learner
  const directory = yield* temporary
  yield* train(steps)
  yield* learner.save(directory)
  return yield* Effect.promise(() => readFile(join(directory, "model.safetensors")))
})

const engines = {
  "of all weights": OnnxPolicy.layerFresh({ config: tinyConfig, seed: 3, threads: 1 }),
  "of an adapter that drops elements": OnnxPolicy.layer({
    checkpoint: goldenCheckpoint,
    threads: 1,
    lora: { rank: 2, alpha: 4, targets: ["q_proj", "down_proj"], seed: 4, dropout: 0.3 }
  })
}

describe("a learner's state", () => {
  for (const [name, engine] of Object.entries(engines)) {
    const fresh = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
      Effect.provide(effect, engine, { local: true })
    test.live(`${name}: another engine goes on from it with the same bits`, () =>
      Effect.gen(function* () {
        const directory = yield* temporary
        const whole = yield* fresh(weightsAfter(5))
        yield* fresh(
          Effect.gen(function* () {
            const learner = yield* Learner
            yield* train(2)
            yield* learner.saveState(directory)
          })
        )
        const goOn = (how: "restore" | "restoreState") =>
          fresh(
            Effect.gen(function* () {
              const learner = yield* Learner
              // what the engine did before does not matter
              yield* train(1)
              yield* learner.forwardBackward(data, crossEntropy)
              yield* learner[how](directory)
              return yield* weightsAfter(3)
            })
          )
        assert.isTrue(whole.equals(yield* goOn("restoreState")))
        // with the weights alone it is another training
        assert.isFalse(whole.equals(yield* goOn("restore")))
      })
    )
  }

  test.live("before the first update there are weights only", () =>
    Effect.gen(function* () {
      const directory = yield* temporary
      const learner = yield* Learner
      yield* learner.saveState(directory)
      yield* learner.restoreState(directory)
      const restored = yield* weightsAfter(2)
      const other = OnnxPolicy.layerFresh({ config: tinyConfig, seed: 3, threads: 1 })
      const plain = yield* Effect.provide(weightsAfter(2), other, { local: true })
      assert.isTrue(restored.equals(plain))
    }).pipe(Effect.provide(engines["of all weights"]))
  )

  test.live("what is missing, damaged or of another model is refused in a sentence", () =>
    Effect.gen(function* () {
      const directory = yield* temporary
      const learner = yield* Learner
      yield* train(1)
      yield* learner.saveState(directory)
      const refusal = Effect.map(Effect.flip(learner.restoreState(directory)), (e) => e.message)
      const at = (name: string) => join(directory, name)
      const optimiser = yield* Effect.promise(() => readFile(at("optimiser-1.safetensors")))
      yield* Effect.promise(() =>
        writeFile(at("optimiser-1.safetensors"), optimiser.subarray(0, optimiser.length - 4))
      )
      assert.match(yield* refusal, /optimiser-1\.safetensors/)
      yield* Effect.promise(() => writeFile(at("learner.json"), `{"format":1,"updates":1`))
      assert.match(yield* refusal, /learner\.json is damaged/)
      yield* Effect.promise(() => rm(at("learner.json")))
      assert.match(yield* refusal, /learner\.json cannot be read/)
      yield* Effect.promise(() =>
        writeFile(at("learner.json"), `{"format":1,"updates":1,"passes":1,"parts":0}`)
      )
      assert.match(yield* refusal, /the optimiser's state of another model/)
    }).pipe(Effect.provide(engines["of all weights"]))
  )
})
