import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, layer } from "@effect/vitest"
import { reset } from "@sml/env-pomdp"
import { importRun, RunDatabase, RunStore } from "@sml/run-store"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"

const environment = Layer.mergeAll(RunStore.layer, RunDatabase.layer({ url: ":memory:" })).pipe(
  Layer.provideMerge(NodeServices.layer)
)

const line = (step: number, phase: string) => ({
  step,
  phase,
  episode: {
    state: reset(
      { id: "1+1", domain: "math", prompt: "1 + 1 ?", knowledge: 2, missing: [] },
      { horizon: 4 }
    ),
    stop: "horizon" as const,
    reward: 0 as const
  }
})

layer(environment)("importRun", (it) => {
  it.effect("brings the database to what the folder holds, however often", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const root = yield* fs.makeTempDirectoryScoped()
      const database = yield* RunDatabase
      const config = { seed: 7, start: { version: "1.2.3" } }
      const run = yield* (yield* RunStore).create({ root, label: "math-code", config })
      yield* run.appendMetrics({ step: 1, reward: 0.5 })
      const lengths = yield* run.settleLines
      yield* run.appendMetrics({ step: 2, reward: 1 })
      const lines = [line(0, "before/math"), line(1, "train"), line(2, "train"), line(2, "train")]
      yield* run.appendEpisodes(lines)
      yield* fs.writeFileString(run.paths.metrics, `{"step":3,"rew`, { flag: "a" })
      yield* run.saveCheckpoint(2, () => Effect.void)
      yield* importRun(run)
      yield* importRun(run)
      const stored = yield* database.run(run.id)
      assert.deepStrictEqual(
        [stored.label, stored.steps, stored.seeds, stored.versions, stored.config],
        ["math-code", 2, { seed: 7 }, { sml: "1.2.3" }, config]
      )
      assert.deepStrictEqual(yield* database.episodes(run.id), lines)
      assert.deepStrictEqual(yield* database.checkpoints(run.id), yield* run.checkpoints)

      yield* run.cutBack({ ...lengths, episodes: 0 })
      yield* importRun(run)
      assert.deepStrictEqual(yield* database.metrics(run.id), [{ step: 1, reward: 0.5 }])
      assert.notInclude(
        (yield* database.episodes(run.id)).map(({ step }) => step),
        2
      )
    })
  )
})
