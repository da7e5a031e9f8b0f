import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, layer } from "@effect/vitest"
import {
  type DialogueRecord,
  type EvaluationSettings,
  EvaluationStore,
  protocols,
  settingsDifferences,
  taskFingerprint
} from "@sml/eval-harness"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"

import { episodeOf } from "./episodeOf.ts"
import { numberTasks } from "./scriptedParties.ts"

const settings: EvaluationSettings = {
  version: 1,
  protocol: protocols.feedback({ turns: 4 }),
  model: { name: "m", temperature: 0.7 },
  teacher: null,
  seed: 1,
  tasks: taskFingerprint(numberTasks(3))
}

const record = (task: string, turns = "xo"): DialogueRecord => ({
  condition: "binary",
  domain: "math",
  task,
  repeat: 0,
  episode: episodeOf(turns, { id: task }),
  labels: ["answer_attempt", "answer_attempt"]
})

const inFolder = <A, E>(
  folder: string,
  use: (store: EvaluationStore["Service"]) => Effect.Effect<A, E>,
  resume?: boolean
) =>
  Effect.gen(function* () {
    return yield* use(yield* EvaluationStore)
  }).pipe(
    Effect.provide(
      EvaluationStore.layerFolder(resume === undefined ? { folder } : { folder, resume })
    )
  )

const freshFolder = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  return (yield* Path.Path).join(yield* fs.makeTempDirectoryScoped(), "an", "evaluation")
})

layer(NodeServices.layer)("EvaluationStore.layerFolder", (it) => {
  describe("goes on", () => {
    it.effect("with what was kept", () =>
      Effect.gen(function* () {
        const folder = yield* freshFolder
        yield* inFolder(folder, (store) =>
          Effect.gen(function* () {
            assert.deepStrictEqual(yield* store.begin(settings), { records: [], damaged: 0 })
            yield* Effect.all([store.append(record("a")), store.append(record("b"))], {
              concurrency: 2
            })
          })
        )
        const kept = yield* inFolder(folder, (store) => store.begin(settings))
        assert.deepStrictEqual(kept.records, [record("a"), record("b")])
      })
    )

    it.effect("after a line that was cut at any byte, which costs that dialogue alone", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const folder = yield* freshFolder
        const file = (yield* Path.Path).join(folder, "transcripts.jsonl")
        const write = (name: string) =>
          inFolder(folder, (store) =>
            Effect.andThen(store.begin(settings), store.append(record(name)))
          )
        yield* write("a")
        yield* write("b – ü")
        const whole = yield* fs.readFile(file)
        const firstEnd = whole.indexOf(10)
        for (let end = firstEnd + 2; end < whole.length - 1; end += 37) {
          yield* fs.writeFile(file, whole.slice(0, end))
          yield* write("c")
          const { damaged, records } = yield* inFolder(folder, (store) => store.begin(settings))
          assert.deepStrictEqual(
            records.map(({ task }) => task),
            ["a", "c"]
          )
          assert.strictEqual(damaged, 1)
        }
      })
    )
  })

  describe("refuses", () => {
    it.effect("other settings, naming each difference", () =>
      Effect.gen(function* () {
        const folder = yield* freshFolder
        yield* inFolder(folder, (store) => store.begin(settings))
        const other = { ...settings, seed: 2, model: { name: "m", temperature: 1 } }
        const error = yield* inFolder(folder, (store) => store.begin(other)).pipe(Effect.flip)
        assert.strictEqual(error._tag, "EvaluationStoreError")
        assert.include(error.message, "model.temperature was 0.7, is 1; seed was 1, is 2")
        assert.deepStrictEqual(error.differences, [
          "model.temperature was 0.7, is 1",
          "seed was 1, is 2"
        ])
        assert.include(error.message, folder)
      })
    )

    it.effect("an evaluation that is there, unless it may resume", () =>
      Effect.gen(function* () {
        const folder = yield* freshFolder
        yield* inFolder(folder, (store) => store.begin(settings), false)
        const error = yield* inFolder(folder, (store) => store.begin(settings), false).pipe(
          Effect.flip
        )
        assert.match(error.message, /already holds an evaluation/)
      })
    )

    it.effect(
      "a folder whose settings are none, a path that is a file, and dialogues too soon",
      () =>
        Effect.gen(function* () {
          const fs = yield* FileSystem.FileSystem
          const path = yield* Path.Path
          const folder = yield* freshFolder
          const early = yield* inFolder(folder, (store) => store.append(record("a"))).pipe(
            Effect.flip
          )
          assert.match(early.message, /call begin first/)
          yield* fs.makeDirectory(folder, { recursive: true })
          yield* fs.writeFileString(path.join(folder, "evaluation.json"), `{"version": 2}`)
          const wrong = yield* inFolder(folder, (store) => store.begin(settings)).pipe(Effect.flip)
          assert.match(wrong.message, /does not hold the settings of an evaluation/)
          const file = path.join(folder, "evaluation.json", "below")
          const below = yield* inFolder(file, (store) => store.begin(settings)).pipe(Effect.flip)
          assert.match(below.message, /^Cannot (read|write) .*evaluation\.json/)
        })
    )
  })

  it("finds no difference between equal settings", () => {
    assert.deepStrictEqual(settingsDifferences(settings, structuredClone(settings)), [])
  })
})
