/** The runs that `sml runs` looks at: those of the database and of the folder beside it. */
import { importRun, RunDatabase, RunStore } from "@sml/run-store"
import * as Flag from "effect/cli/Flag"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Path from "effect/Path"

import { ConfigError } from "./ConfigError.ts"
import { nearestName } from "./nearestName.ts"
import { safeText } from "./safeText.ts"
import { tell } from "./tell.ts"
import { defaultTrainOptions } from "./TrainOptions.ts"

/** Where the runs are. */
export const runsFlags = {
  runs: Flag.String("runs").pipe(
    Flag.withMetavar("DIR"),
    Flag.withDescription(`the folder in which runs lie (default ${defaultTrainOptions.runs})`),
    Flag.withDefault(defaultTrainOptions.runs)
  ),
  store: Flag.String("store").pipe(
    Flag.withMetavar("URL"),
    Flag.withDescription(
      "the database: an SQLite file or postgres://… (default SML_STORE, or else .sml/runs.db, and DIR/runs.db for another DIR)"
    ),
    Flag.withFallbackConfig(Config.String("SML_STORE")),
    Flag.optional
  )
}

/** The flags as they are read. */
export interface RunsPlace {
  readonly runs: string
  readonly store: Option.Option<string>
}

/** The database of a folder of runs: beside `.sml/runs`, and in any other folder. */
export const databaseBeside = (path: Path.Path, runs: string): string => {
  const folder = path.resolve(runs)
  return folder.endsWith(`${path.sep}.sml${path.sep}runs`)
    ? `${folder}.db`
    : path.join(folder, "runs.db")
}

/**
 * Reads in the folders that the database does not know, or knows in an earlier state. A run that
 * `sml train` records itself is left as it is: its dialogues have tokens, which folders have not.
 */
const readFolders = Effect.fnUntraced(function* (runs: string) {
  const database = yield* RunDatabase
  const store = yield* RunStore
  const path = yield* Path.Path
  const known = new Map((yield* database.runs).map((each) => [each.id, each]))
  for (const id of yield* store.list(runs)) {
    const before = known.get(id)
    if (before !== undefined && before.status !== "stored") continue
    yield* Effect.gen(function* () {
      const run = yield* store.open(path.join(runs, id))
      const { values } = yield* run.readMetrics
      if (before === undefined || before.steps !== values.length) yield* importRun(run)
    }).pipe(
      Effect.catchIf(
        // stopped before its configuration was there, or spoilt: no reason to hide the others
        ({ path: where, problem }) =>
          where !== database.place && (problem === "missing" || problem === "damaged"),
        (error) => tell("note", `warning: ${safeText(id)} is left out: ${safeText(error.message)}`)
      )
    )
  }
})

/** Opens the database, made where it is not there, and reads the folders in. */
export const withRuns = <A, E, R>({ runs, store }: RunsPlace, use: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const path = yield* Path.Path
    const url = Option.getOrElse(store, () => databaseBeside(path, runs))
    return yield* Effect.andThen(readFolders(runs), use).pipe(
      Effect.provide(Layer.merge(RunStore.layer, RunDatabase.layer({ url })), { local: true })
    )
  })

/** The run of that id, or the only one whose id has that part. */
export const findRun = Effect.fnUntraced(function* (name: string) {
  const database = yield* RunDatabase
  const all = yield* database.runs
  const exact = all.find(({ id }) => id === name)
  if (exact !== undefined) return exact
  const alike = name === "" ? [] : all.filter(({ id }) => id.includes(name))
  const [only] = alike
  if (only !== undefined && alike.length === 1) return only
  const nearest = nearestName(
    name,
    all.map(({ id }) => id)
  )
  const hint =
    alike.length > 1
      ? `${alike.length} runs have that in their names, so give more of it`
      : nearest === undefined
        ? '"sml runs list" names those that are there'
        : `did you mean ${nearest}?`
  return yield* new ConfigError({
    reason: `there is no run ${safeText(name)} in ${database.place}; ${hint}`
  })
})

/** Mean of a metric over the last steps, at most ten; `undefined` where it was never measured. */
export const recentMean = (
  lines: ReadonlyArray<Readonly<Record<string, unknown>>>,
  name: string
): number | undefined => {
  const values = lines
    .map((line) => line[name])
    .filter((value) => typeof value === "number")
    .slice(-10)
  return values.length === 0
    ? undefined
    : values.reduce((sum, value) => sum + value, 0) / values.length
}
