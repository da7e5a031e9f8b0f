/** Where finished cells are kept. */
import { createHash } from "node:crypto"

import { fromPlatformError, makeFolders } from "@sml/run-store"
import type { RunStoreError } from "@sml/run-store"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import * as Schema from "effect/Schema"

import type { Cell, CellSettings } from "./Cell.ts"
import { cellName, CellResult } from "./Cell.ts"
import { PastRun } from "./PastRun.ts"

const decodeResult = Schema.decodeUnknownOption(Schema.fromJsonString(CellResult))
const decodePastRun = Schema.decodeUnknownOption(Schema.fromJsonString(PastRun))
const encodeResult = Schema.encodeEffect(Schema.fromJsonString(CellResult))

/** Name of the folder for the cells of given settings: other settings, other folder. */
export const settingsName = (settings: CellSettings): string =>
  createHash("sha256")
    .update(JSON.stringify(Object.entries(settings).toSorted(([a], [b]) => (a < b ? -1 : 1))))
    .digest("hex")
    .slice(0, 12)

/**
 * Finished cells of one set of settings, one folder each: weights in Hugging Face layout and
 * `result.json`. A folder appears with its whole content or not at all.
 *
 * - `find`: the result of a finished cell; one that cannot be read counts as not finished.
 * - `keep`: lets `fill` write into an empty folder, adds the result that it gives, and makes it the
 *   folder of the cell.
 * - `remember`, `pastRuns`: the calls that ran cells, oldest first.
 */
export class CellStore extends Context.Service<
  CellStore,
  {
    readonly folder: string
    readonly find: (cell: Cell) => Effect.Effect<Option.Option<CellResult>>
    readonly keep: <E, R>(
      cell: Cell,
      fill: (directory: string) => Effect.Effect<CellResult, E, R>
    ) => Effect.Effect<void, E | RunStoreError, R>
    readonly remember: (run: PastRun) => Effect.Effect<void, RunStoreError>
    readonly pastRuns: Effect.Effect<ReadonlyArray<PastRun>>
  }
>()("@sml/trainer/CellStore") {
  /** Under `root`, in a folder named after the settings. */
  static readonly layer = (
    root: string,
    settings: CellSettings
  ): Layer.Layer<CellStore, never, FileSystem.FileSystem | Path.Path> =>
    Layer.effect(
      CellStore,
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const path = yield* Path.Path
        const services = yield* Effect.context<FileSystem.FileSystem | Path.Path>()
        const folder = path.join(path.resolve(root), settingsName(settings))
        const resultFile = (directory: string) => path.join(directory, "result.json")

        const find = (cell: Cell) =>
          fs
            .readFileString(resultFile(path.join(folder, cellName(cell))))
            .pipe(
              Effect.option,
              Effect.map(Option.flatMap(decodeResult)),
              Effect.map(Option.filter((result) => cellName(result.cell) === cellName(cell)))
            )

        const keep = <E, R>(
          cell: Cell,
          fill: (directory: string) => Effect.Effect<CellResult, E, R>
        ): Effect.Effect<void, E | RunStoreError, R> =>
          Effect.gen(function* () {
            const target = path.join(folder, cellName(cell))
            const explain = Effect.mapError(fromPlatformError("keep a finished cell", target))
            yield* makeFolders(folder).pipe(Effect.provide(services), explain)
            // beside the target, so that it can be renamed
            const partial = path.join(folder, `.${cellName(cell)}.partial`)
            const clean = fs.remove(partial, { recursive: true, force: true })
            yield* clean.pipe(explain)
            yield* fs.makeDirectory(partial).pipe(explain)
            yield* Effect.gen(function* () {
              const result = yield* fill(partial)
              const text = yield* Effect.orDie(encodeResult(result))
              yield* Effect.gen(function* () {
                yield* fs.writeFileString(resultFile(partial), text)
                yield* fs.remove(target, { recursive: true, force: true })
                yield* fs.rename(partial, target)
              }).pipe(explain, Effect.uninterruptible)
            }).pipe(Effect.onError(() => Effect.ignore(clean)))
          })

        const log = path.join(folder, "runs.jsonl")
        const remember = Effect.fnUntraced(
          function* (run: PastRun) {
            yield* makeFolders(folder).pipe(Effect.provide(services))
            yield* fs.writeFileString(log, `${JSON.stringify(run)}\n`, { flag: "a" })
          },
          Effect.mapError(fromPlatformError("keep the time of the run", log))
        )
        const pastRuns = fs.readFileString(log).pipe(
          Effect.orElseSucceed(() => ""),
          Effect.map((text) =>
            text.split("\n").flatMap((line) => Option.toArray(decodePastRun(line)))
          )
        )

        return CellStore.of({ folder, find, keep, remember, pastRuns })
      })
    )
}
