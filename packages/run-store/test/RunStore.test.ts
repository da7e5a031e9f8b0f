import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, layer } from "@effect/vitest"
import type { Episode } from "@sml/env-pomdp"
import { reset } from "@sml/env-pomdp"
import { RunStore, compactEpisode } from "@sml/run-store"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Path from "effect/Path"
import { PlatformError, SystemError } from "effect/PlatformError"
import * as Schema from "effect/Schema"

const environment = RunStore.layer.pipe(Layer.provideMerge(NodeServices.layer))

const freshRun = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const store = yield* RunStore
  const root = yield* fs.makeTempDirectoryScoped()
  return yield* store.create({ root, label: "math", config: { steps: 3 } })
})

const fill = (text: string) =>
  Effect.fnUntraced(function* (directory: string) {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    yield* fs.makeDirectory(path.join(directory, "inner"))
    yield* fs.writeFileString(path.join(directory, "inner", "weights"), text)
  })

const episode: Episode = {
  state: {
    ...reset(
      { id: "1+1", domain: "math", prompt: "1 + 1 ?", knowledge: 2, missing: [] },
      { horizon: 4 }
    ),
    history: [
      { role: "teacher", text: "1 + 1 ?" },
      { role: "student", text: "2", trace: { context: [1], ids: [2], logprobs: [-0.5] } }
    ],
    verdicts: [{ _tag: "Attempt", correct: true, diagnostics: { answer: "2" } }]
  },
  stop: "correct",
  reward: 1
}

layer(environment)("RunStore", (it) => {
  describe("create and open", () => {
    it.effect("keeps configuration, metrics and dialogues", () =>
      Effect.gen(function* () {
        const run = yield* freshRun
        yield* run.appendMetrics({ step: 1, reward: 0.5 })
        yield* run.appendMetrics({ step: 2, reward: 0.75 })
        yield* run.appendEpisodes([{ step: 1, phase: "train", episode: compactEpisode(episode) }])
        const again = yield* (yield* RunStore).open(run.paths.directory)
        assert.strictEqual(again.id, run.id)
        assert.deepStrictEqual(yield* again.readConfig(Schema.Struct({ steps: Schema.Int })), {
          steps: 3
        })
        assert.deepStrictEqual((yield* again.readMetrics).values, [
          { step: 1, reward: 0.5 },
          { step: 2, reward: 0.75 }
        ])
        const [line] = (yield* again.readEpisodes).values
        assert.deepStrictEqual(line?.episode.state.history, [
          { role: "teacher", text: "1 + 1 ?" },
          { role: "student", text: "2" }
        ])
        assert.deepStrictEqual(line?.episode.state.verdicts, [
          { _tag: "Attempt", correct: true, diagnostics: null }
        ])
      })
    )

    it.effect("gives two runs of one instant different folders", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const store = yield* RunStore
        const root = yield* fs.makeTempDirectoryScoped()
        const create = store.create({ root, label: "math", config: null })
        const runs = yield* Effect.all([create, create, create])
        assert.strictEqual(new Set(runs.map((run) => run.id)).size, 3)
        assert.deepStrictEqual(yield* store.list(root), runs.map((run) => run.id).toSorted())
        assert.deepStrictEqual(yield* store.list(`${root}/none`), [])
      })
    )

    it.effect("refuses a folder that is no run", () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip((yield* RunStore).open("/nowhere/at-all"))
        assert.strictEqual(error.problem, "missing")
      })
    )
  })

  describe("lines", () => {
    it.effect("go on after a line torn by a crash", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const run = yield* freshRun
        yield* run.appendMetrics({ step: 1 })
        yield* fs.writeFileString(run.paths.metrics, `{"step":2,"rew`, { flag: "a" })
        const again = yield* (yield* RunStore).open(run.paths.directory)
        const torn = [{ line: 2, excerpt: `{"step":2,"rew` }]
        assert.deepStrictEqual((yield* again.readMetrics).damaged, torn)
        yield* again.appendMetrics({ step: 2 })
        assert.deepStrictEqual(yield* again.readMetrics, {
          values: [{ step: 1 }, { step: 2 }],
          damaged: torn
        })
      })
    )

    it.effect("stay whole when many fibers append", () =>
      Effect.gen(function* () {
        const run = yield* freshRun
        const steps = Array.from({ length: 50 }, (_, index) => index)
        yield* Effect.forEach(
          steps,
          (step) => run.appendMetrics({ step, text: "x".repeat(5000) }),
          { concurrency: "unbounded" }
        )
        const read = yield* run.readMetrics
        assert.deepStrictEqual(read.damaged, [])
        assert.deepStrictEqual(
          read.values.map((line) => line.step).toSorted((left, right) => left - right),
          steps
        )
      })
    )
  })

  describe("checkpoints", () => {
    it.effect("appear when complete, replace, and are listed in order", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const run = yield* freshRun
        assert.deepStrictEqual(yield* run.checkpoints, [])
        yield* run.saveCheckpoint(20, fill("b"))
        yield* run.saveCheckpoint(10, fill("a"))
        const directory = yield* run.saveCheckpoint(20, fill("c"))
        assert.deepStrictEqual(
          (yield* run.checkpoints).map((entry) => entry.step),
          [10, 20]
        )
        assert.strictEqual(yield* fs.readFileString(`${directory}/inner/weights`), "c")
        assert.deepStrictEqual((yield* fs.readDirectory(run.paths.checkpoints)).toSorted(), [
          "step-000010",
          "step-000020"
        ])
      })
    )

    it.effect("a failed or interrupted write leaves the old one and no rest", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const run = yield* freshRun
        yield* run.saveFinal(fill("good"))
        const broken = (directory: string) =>
          fill("bad")(directory).pipe(Effect.andThen(Effect.fail("power cut")))
        assert.strictEqual(yield* Effect.flip(run.saveFinal(broken)), "power cut")
        yield* run.saveFinal(() => Effect.interrupt).pipe(Effect.exit)
        assert.strictEqual(yield* fs.readFileString(`${run.paths.final}/inner/weights`), "good")
        const names = yield* fs.readDirectory(run.paths.directory)
        assert.deepStrictEqual(names.toSorted(), ["config.json", "final"])
      })
    )

    it.effect("replaces a file in one move", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const run = yield* freshRun
        yield* run.writeFile("report.html", "one")
        const report = yield* run.writeFile("report.html", "two")
        assert.strictEqual(report, run.paths.report)
        assert.strictEqual(yield* fs.readFileString(report), "two")
      })
    )
  })

  describe("errors are one sentence", () => {
    it.effect("a file in the way", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const root = yield* fs.makeTempDirectoryScoped()
        yield* fs.writeFileString(`${root}/file`, "")
        const store = yield* RunStore
        const error = yield* Effect.flip(
          store.create({ root: `${root}/file/runs`, label: "math", config: null })
        )
        assert.strictEqual(error.problem, "in-the-way")
        assert.include(error.message, `${root}/file/runs`)
      })
    )

    it.effect("a place where no folder can be made (Linux)", (context) =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        if (!(yield* fs.exists("/proc"))) context.skip("this system has no /proc")
        const store = yield* RunStore
        const error = yield* Effect.flip(
          store.create({ root: "/proc/no/such", label: "math", config: null })
        )
        assert.strictEqual(error.problem, "missing")
      })
    )

    it.effect("a full disk (Linux)", (context) =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        if (!(yield* fs.exists("/dev/full"))) context.skip("this system has no /dev/full")
        const run = yield* freshRun
        yield* fs.symlink("/dev/full", run.paths.metrics)
        const error = yield* Effect.flip(run.appendMetrics({ step: 1 }))
        assert.strictEqual(error.problem, "full")
        assert.match(error.message, /the disk is full, so free some space/)
      })
    )
  })
})

const refusing = (code: string) => {
  const fail = (method: string) =>
    Effect.fail(
      new PlatformError(
        new SystemError({
          _tag: code === "EACCES" ? "PermissionDenied" : "Unknown",
          module: "FileSystem",
          method,
          cause: Object.assign(new Error(code), { code })
        })
      )
    )
  return RunStore.layer.pipe(
    Layer.provide(Path.layer),
    Layer.provide(FileSystem.layerNoop({ makeDirectory: () => fail("makeDirectory") }))
  )
}

for (const code of ["EACCES", "EROFS"]) {
  layer(refusing(code))(`RunStore on a folder that answers ${code}`, (it) => {
    it.effect("says that it is read-only and what to do", () =>
      Effect.gen(function* () {
        const store = yield* RunStore
        const error = yield* Effect.flip(
          store.create({ root: "/runs", label: "math", config: null })
        )
        assert.strictEqual(error.problem, "read-only")
        assert.strictEqual(
          error.message,
          "cannot create a run in /runs: it is read-only for this user, so choose another folder or change its permissions"
        )
      })
    )
  })
}
