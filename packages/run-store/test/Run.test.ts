import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, layer } from "@effect/vitest"
import type { Run } from "@sml/run-store"
import { RunStore } from "@sml/run-store"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Path from "effect/Path"

const environment = RunStore.layer.pipe(Layer.provideMerge(NodeServices.layer))

const freshRun = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const root = yield* fs.makeTempDirectoryScoped()
  return yield* (yield* RunStore).create({ root, label: "math", config: {} })
})

const save = Effect.fnUntraced(function* (run: Run, step: number) {
  const fs = yield* FileSystem.FileSystem
  return yield* run.saveCheckpoint(step, (directory) =>
    Effect.gen(function* () {
      yield* fs.makeDirectory(`${directory}/inner`)
      yield* fs.writeFileString(`${directory}/weights`, `w${step}`)
      yield* fs.writeFileString(`${directory}/inner/adapter`, `a${step}`)
    })
  )
})

layer(environment)("a run that goes on", (it) => {
  describe("checkpoints", () => {
    it.effect("are sound when they were written, and tell what has happened to them", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const run = yield* freshRun
        const directory = yield* save(run, 3)
        const checkpoint = { step: 3, directory }
        assert.isUndefined(yield* run.checkpointFault(checkpoint))
        yield* fs.writeFileString(`${directory}/weights`, "w4")
        assert.strictEqual(
          yield* run.checkpointFault(checkpoint),
          "weights has other bytes than were written"
        )
        yield* fs.writeFileString(`${directory}/weights`, "w3")
        assert.isUndefined(yield* run.checkpointFault(checkpoint))
        yield* fs.remove(`${directory}/inner/adapter`)
        assert.strictEqual(yield* run.checkpointFault(checkpoint), "inner/adapter is missing")
        yield* fs.writeFileString(`${directory}/checksums.json`, `{"weights":`)
        assert.match((yield* run.checkpointFault(checkpoint)) ?? "", /cannot be read/)
        yield* fs.remove(`${directory}/checksums.json`)
        assert.match((yield* run.checkpointFault(checkpoint)) ?? "", /has no checksums/)
      })
    )

    it.effect("are faulty where a link leads out of the run", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const path = yield* Path.Path
        const run = yield* freshRun
        const directory = yield* save(run, 3)
        const outside = path.join(run.paths.directory, "..", "elsewhere")
        yield* fs.copy(directory, outside)
        yield* fs.remove(path.join(directory, "weights"))
        yield* fs.symlink(path.join(outside, "weights"), path.join(directory, "weights"))
        const fault = "a link that leads out of the run's folder"
        assert.strictEqual(
          yield* run.checkpointFault({ step: 3, directory }),
          `weights is ${fault}`
        )
        const linked = path.join(run.paths.checkpoints, "step-000004")
        yield* fs.symlink(outside, linked)
        assert.strictEqual(
          yield* run.checkpointFault({ step: 4, directory: linked }),
          `it is ${fault}`
        )
        const escape = yield* Effect.flip(run.writeFile("../stolen", "x"))
        assert.strictEqual(escape.problem, "outside")
        assert.isFalse(yield* fs.exists(path.join(run.paths.directory, "..", "stolen")))
      })
    )

    it.effect("are removed as wholes", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const run = yield* freshRun
        for (const step of [1, 2, 3]) yield* save(run, step)
        const [first] = yield* run.checkpoints
        if (first !== undefined) yield* run.removeCheckpoint(first)
        assert.deepStrictEqual(
          (yield* run.checkpoints).map(({ step }) => step),
          [2, 3]
        )
        assert.lengthOf(yield* fs.readDirectory(run.paths.checkpoints), 2)
      })
    )
  })

  it.effect("is cut back to where its lines were, with what a crash left", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const run = yield* freshRun
      assert.deepStrictEqual(yield* run.settleLines, { metrics: 0, episodes: 0 })
      yield* run.appendMetrics({ step: 1, reward: 0.5 })
      const lengths = yield* run.settleLines
      yield* run.appendMetrics({ step: 2, reward: 0.75 })
      yield* fs.writeFileString(run.paths.metrics, `{"step":3,"rew`, { flag: "a" })
      yield* fs.makeDirectory(`${run.paths.checkpoints}/.step-000003.partial`, { recursive: true })

      const again = yield* (yield* RunStore).open(run.paths.directory)
      yield* again.cutBack(lengths)
      yield* again.appendMetrics({ step: 2, reward: 0.75 })
      assert.strictEqual(
        yield* fs.readFileString(run.paths.metrics),
        `{"step":1,"reward":0.5}\n{"step":2,"reward":0.75}\n`
      )
      assert.deepStrictEqual(yield* fs.readDirectory(run.paths.checkpoints), [])
      const missing = yield* Effect.flip(again.cutBack({ metrics: 1000, episodes: 0 }))
      assert.strictEqual(missing.problem, "damaged")
      yield* again.cutBack({ metrics: 0, episodes: 0 })
      assert.deepStrictEqual((yield* again.readMetrics).values, [])
    })
  )

  it.effect("lies in a folder of any name when that is asked for", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const store = yield* RunStore
      const root = yield* fs.makeTempDirectoryScoped()
      const directory = path.join(root, "a", "My run")
      const options = { root, directory, label: "math", config: { steps: 1 } }
      const run = yield* store.create(options)
      assert.strictEqual(run.paths.directory, directory)
      assert.strictEqual((yield* store.open(directory)).id, run.id)
      assert.strictEqual((yield* Effect.flip(store.create(options))).problem, "exists")
      // stopped before the configuration was there
      yield* fs.remove(path.join(directory, "config.json"))
      yield* fs.writeFileString(path.join(directory, ".config.json.partial"), "{")
      const restarted = yield* store.create(options)
      assert.strictEqual((yield* store.open(directory)).id, restarted.id)
    })
  )
})
