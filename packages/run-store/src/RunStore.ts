/** The service that creates and opens run folders. */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Path from "effect/Path"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"

import { insideFolder } from "./insideFolder.ts"
import { makeLineFile } from "./internal/appendFile.ts"
import { removeDirectory, removePartials, writeDirectory, writeText } from "./internal/atomic.ts"
import { checksumFault, writeChecksums } from "./internal/checksums.ts"
import { formatJsonLines, parseJsonLines } from "./JsonLines.ts"
import { makeFolders } from "./makeFolders.ts"
import type { Run, RunPaths } from "./Run.ts"
import { makeRunId, RunId } from "./RunId.ts"
import { EpisodeLine, MetricsLine } from "./RunLines.ts"
import { damaged, fromPlatformError, RunStoreError } from "./RunStoreError.ts"

/** A new run: the folder in which runs lie, a word for its name, and what it was started with. */
export interface CreateRun {
  /** Such as `.sml/runs`; made when it is not there. */
  readonly root: string
  /** The run's own folder, in place of one in `root` with the name of its id; new or empty. */
  readonly directory?: string
  readonly label: string
  readonly config: Schema.Json
}

/** What tells the id of a run whose folder has another name. */
const runFile = "run.json"
const RunFile = Schema.Struct({ id: RunId })

/**
 * Creates, opens and lists run folders `<root>/<id>/`:
 *
 * ```text
 * config.json      what the run was started with
 * run.json         the run's id, where the folder has another name
 * metrics.jsonl    one line a step
 * episodes.jsonl   one dialogue a line
 * checkpoints/     step-000020/, …: weights in Hugging Face layout, and checksums.json
 * report.html      the report for people
 * final/           the trained weights in Hugging Face layout
 * ```
 *
 * @example
 * ```ts
 * import { NodeServices } from "@effect/platform-node"
 * import { RunStore } from "@sml/run-store"
 * import { Effect } from "effect"
 * import assert from "node:assert/strict"
 * import { mkdtemp } from "node:fs/promises"
 * import { tmpdir } from "node:os"
 * import { join } from "node:path"
 *
 * const root = await mkdtemp(join(tmpdir(), "runs-"))
 * const program = Effect.gen(function* () {
 *   const store = yield* RunStore
 *   const run = yield* store.create({ root, label: "math", config: { steps: 2 } })
 *   yield* run.appendMetrics({ step: 1, reward: 0.25 })
 *   return (yield* run.readMetrics).values
 * })
 * const values = await Effect.runPromise(
 *   program.pipe(Effect.provide(RunStore.layer), Effect.provide(NodeServices.layer))
 * )
 * assert.deepEqual(values, [{ step: 1, reward: 0.25 }])
 * ```
 */
export class RunStore extends Context.Service<
  RunStore,
  {
    readonly create: (options: CreateRun) => Effect.Effect<Run, RunStoreError>
    /** Opens an existing run folder; what a crash tore is kept apart and reported when read. */
    readonly open: (directory: string) => Effect.Effect<Run, RunStoreError>
    /** The ids in `root`, oldest first; empty when there is no such folder. */
    readonly list: (root: string) => Effect.Effect<ReadonlyArray<RunId>, RunStoreError>
  }
>()("@sml/run-store/RunStore") {
  /** Run folders on the file system. */
  static readonly layer: Layer.Layer<RunStore, never, FileSystem.FileSystem | Path.Path> =
    Layer.effect(
      RunStore,
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const path = yield* Path.Path
        const context = yield* Effect.context<FileSystem.FileSystem | Path.Path>()

        const pathsOf = (folder: string): RunPaths => {
          const directory = path.resolve(folder)
          const at = (name: string) => path.join(directory, name)
          return {
            directory,
            config: at("config.json"),
            metrics: at("metrics.jsonl"),
            episodes: at("episodes.jsonl"),
            checkpoints: at("checkpoints"),
            report: at("report.html"),
            final: at("final")
          }
        }

        const readText = (file: string, action: string) =>
          fs.readFileString(file).pipe(Effect.mapError(fromPlatformError(action, file)))

        const readLines = <A, I>(file: string, schema: Schema.Codec<A, I>) =>
          readText(file, "read the lines").pipe(
            Effect.catchIf(
              // nothing has been appended yet
              (error) => error.problem === "missing",
              () => Effect.succeed("")
            ),
            Effect.map((text) => parseJsonLines(schema, text))
          )

        const saved = <E, R>(
          target: string,
          write: (directory: string) => Effect.Effect<void, E, R>
        ) => writeDirectory(target, write).pipe(Effect.as(target), Effect.provideContext(context))

        const attach = Effect.fnUntraced(function* (id: RunId, paths: RunPaths) {
          const metrics = yield* makeLineFile(paths.metrics, "write the metrics")
          const episodes = yield* makeLineFile(paths.episodes, "write the dialogues")
          const here = Effect.provideContext(context)

          const checkpoints = Effect.gen(function* () {
            if (!(yield* fs.exists(paths.checkpoints))) return []
            const names = yield* fs.readDirectory(paths.checkpoints)
            return names
              .flatMap((name) => {
                const digits = /^step-(\d+)$/.exec(name)?.[1]
                if (digits === undefined) return []
                return [{ step: Number(digits), directory: path.join(paths.checkpoints, name) }]
              })
              .toSorted((left, right) => left.step - right.step)
          }).pipe(Effect.mapError(fromPlatformError("list the checkpoints", paths.checkpoints)))

          return {
            id,
            paths,
            appendMetrics: (line) => here(metrics.append(formatJsonLines([line]))),
            appendEpisodes: (lines) => here(episodes.append(formatJsonLines(lines))),
            readConfig: (schema) =>
              readText(paths.config, "read the configuration").pipe(
                Effect.flatMap((text) =>
                  Schema.decodeUnknownEffect(Schema.fromJsonString(schema))(text).pipe(
                    Effect.mapError((error) => damaged(paths.config, error.message))
                  )
                )
              ),
            readMetrics: readLines(paths.metrics, MetricsLine),
            readEpisodes: readLines(paths.episodes, EpisodeLine),
            saveCheckpoint: (step, write) =>
              saved(
                path.join(paths.checkpoints, `step-${String(step).padStart(6, "0")}`),
                (directory) =>
                  Effect.andThen(
                    write(directory),
                    writeChecksums(directory).pipe(
                      Effect.mapError(fromPlatformError("write a checkpoint", directory)),
                      here
                    )
                  )
              ),
            saveFinal: (write) => saved(paths.final, write),
            checkpoints,
            checkpointFault: ({ directory }) =>
              Effect.gen(function* () {
                const explain = Effect.mapError(fromPlatformError("read a checkpoint", directory))
                const names = yield* fs.readDirectory(directory, { recursive: true }).pipe(explain)
                for (const name of [".", ...names]) {
                  const isInside = yield* insideFolder(
                    paths.directory,
                    path.join(directory, name)
                  ).pipe(
                    Effect.as(true),
                    Effect.catchIf(
                      ({ problem }) => problem === "outside",
                      () => Effect.succeed(false)
                    )
                  )
                  if (!isInside) {
                    return `${name === "." ? "it" : name} is a link that leads out of the run's folder`
                  }
                }
                return yield* checksumFault(directory).pipe(explain)
              }).pipe(here),
            removeCheckpoint: ({ directory }) =>
              removeDirectory(directory).pipe(
                Effect.mapError(fromPlatformError("remove a checkpoint", directory)),
                here
              ),
            settleLines: Effect.all({ metrics: metrics.settle, episodes: episodes.settle }).pipe(
              here
            ),
            cutBack: (lengths) =>
              Effect.gen(function* () {
                yield* metrics.cut(lengths.metrics)
                yield* episodes.cut(lengths.episodes)
                for (const folder of [paths.directory, paths.checkpoints]) {
                  yield* removePartials(folder).pipe(
                    Effect.mapError(fromPlatformError("tidy the run", folder))
                  )
                }
              }).pipe(here),
            writeFile: (name, text) => {
              return insideFolder(paths.directory, name).pipe(
                Effect.tap((target) => writeText(target, text)),
                here
              )
            }
          } satisfies Run
        })

        // a folder that its user names, such as `--out` of a command
        const createIn = Effect.fnUntraced(function* (folder: string, options: CreateRun) {
          const paths = pathsOf(folder)
          const explain = Effect.mapError(fromPlatformError("create a run", paths.directory))
          yield* makeFolders(paths.directory).pipe(explain)
          const names = yield* fs.readDirectory(paths.directory).pipe(explain)
          // what a crash left of an earlier try is hidden, or this file
          const strange = names.find((name) => !name.startsWith(".") && name !== runFile)
          if (strange !== undefined) {
            return yield* new RunStoreError({
              problem: "exists",
              path: paths.directory,
              reason: `cannot create a run in ${paths.directory}: it holds ${strange} already, so choose another folder or remove it`
            })
          }
          const time = yield* Clock.currentTimeMillis
          const id = makeRunId({ time, label: options.label, salt: yield* Random.next })
          yield* writeText(path.join(paths.directory, runFile), `${JSON.stringify({ id })}\n`)
          yield* writeText(paths.config, `${JSON.stringify(options.config, null, 2)}\n`)
          return yield* attach(id, paths)
        })

        const create = Effect.fn("RunStore.create")(function* (options: CreateRun) {
          if (options.directory !== undefined) return yield* createIn(options.directory, options)
          const root = path.resolve(options.root)
          const explain = Effect.mapError(fromPlatformError("create a run", root))
          yield* makeFolders(root).pipe(explain)
          const attempt = Effect.gen(function* () {
            const time = yield* Clock.currentTimeMillis
            const id = makeRunId({ time, label: options.label, salt: yield* Random.next })
            const paths = pathsOf(path.join(root, id))
            yield* fs.makeDirectory(paths.directory).pipe(explain)
            return { id, paths }
          })
          const { id, paths } = yield* attempt.pipe(
            Effect.retry({ times: 8, while: (error) => error.problem === "exists" })
          )
          yield* writeText(paths.config, `${JSON.stringify(options.config, null, 2)}\n`)
          return yield* attach(id, paths)
        }, Effect.provideContext(context))

        const open = Effect.fn("RunStore.open")(function* (directory: string) {
          const paths = pathsOf(directory)
          const name = path.basename(paths.directory)
          const file = path.join(paths.directory, runFile)
          const explain = Effect.mapError(fromPlatformError("read the run", file))
          if (!Schema.is(RunId)(name) && !(yield* fs.exists(file).pipe(explain))) {
            return yield* new RunStoreError({
              problem: "missing",
              path: paths.directory,
              reason: `${paths.directory} is not a run folder, so give one such as .sml/runs/20261123-165140-math-k3f9`
            })
          }
          const id = Schema.is(RunId)(name)
            ? name
            : (yield* Schema.decodeUnknownEffect(Schema.fromJsonString(RunFile))(
                yield* readText(file, "read the run")
              ).pipe(Effect.mapError((error) => damaged(file, error.message)))).id
          yield* readText(paths.config, "read the configuration")
          return yield* attach(id, paths)
        }, Effect.provideContext(context))

        const list = Effect.fn("RunStore.list")(
          function* (root: string) {
            if (!(yield* fs.exists(root))) return []
            return (yield* fs.readDirectory(root)).filter(Schema.is(RunId)).toSorted()
          },
          (effect, root) => Effect.mapError(effect, fromPlatformError("list the runs", root))
        )

        return RunStore.of({ create, open, list })
      })
    )
}
