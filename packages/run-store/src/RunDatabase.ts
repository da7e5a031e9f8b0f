/** The database of runs: SQLite in a file, or PostgreSQL behind a URL. */
import { Usage } from "@sml/env-pomdp"
import type { Turn } from "@sml/env-pomdp"
import * as Arr from "effect/Array"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Path from "effect/Path"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Migrator from "effect/sql/Migrator"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"

import { bytesToIds, bytesToNumbers, idBytes, numberBytes } from "./internal/arrayBytes.ts"
import { knownVersion, migrations, versionTable } from "./internal/migrations.ts"
import { fromSqlError } from "./internal/sqlFailure.ts"
import { makeFolders } from "./makeFolders.ts"
import { redactSecrets, redactText, redactTexts, secretsOf } from "./redactSecrets.ts"
import type { CheckpointEntry } from "./Run.ts"
import type { MetricsLine } from "./RunLines.ts"
import { RecordedEpisode, RunSummary } from "./RunRecord.ts"
import type { RunRecord, RunStatus } from "./RunRecord.ts"
import { damaged, fromPlatformError, RunStoreError } from "./RunStoreError.ts"
import { sqliteLayer } from "./SqliteClient.ts"

/** Where the database is. */
export interface RunDatabaseOptions {
  /** `postgres://user:password@host/database`, or the path of an SQLite file such as `.sml/runs.db`. */
  readonly url: string
  /** Text that is never stored; default: values of environment variables such as `OPENAI_API_KEY`. */
  readonly secrets?: ReadonlyArray<string>
  /** Milliseconds to wait for an SQLite file that another process writes to; default 5000. */
  readonly lockTimeout?: number
}

/** All that a step has left. */
export interface RecordedStep {
  readonly metrics: MetricsLine
  /** The dialogues of the step; they replace those of the same step and phase. */
  readonly episodes: ReadonlyArray<RecordedEpisode>
}

/** SQLite takes 32,766 parameters in a statement, PostgreSQL 65,535. */
const parameterLimit = 30_000

const isPostgres = (url: string): boolean => /^postgres(?:ql)?:\/\//i.test(url)

/** The place for sentences: never with user and password. */
const shownPlace = (url: string): string => redactText(url, [])

const Stored = Schema.fromJsonString(Schema.Json)
const UsageText = Schema.fromJsonString(Usage)
const decodeJson = Schema.decodeUnknownEffect(Stored)

const toText = (value: unknown): string => JSON.stringify(value)

// PostgreSQL refuses the character 0 in text, which a program's output may hold
const storable = (text: string): string => text.replaceAll("\u0000", "\uFFFD").toWellFormed()

const Row = Schema.Record(Schema.String, Schema.Unknown)

const TurnRow = Schema.Struct({
  phase: Schema.String,
  step: Schema.Int,
  position: Schema.Int,
  role: Schema.Literals(["student", "teacher"]),
  text: Schema.String,
  environment_ids: Schema.NullOr(Schema.instanceOf(Uint8Array)),
  student_ids: Schema.NullOr(Schema.instanceOf(Uint8Array)),
  logprobs: Schema.NullOr(Schema.instanceOf(Uint8Array)),
  usage: Schema.NullOr(Schema.String),
  verdict: Schema.NullOr(Schema.String)
})

const MetricRow = Schema.Struct({
  step: Schema.Int,
  name: Schema.NullOr(Schema.String),
  value: Schema.NullOr(Schema.Finite),
  other: Schema.NullOr(Schema.String)
})

const CheckpointRow = Schema.Struct({ step: Schema.Int, directory: Schema.String })

const VersionRow = Schema.Struct({ version: Schema.NullOr(Schema.Int) })

/**
 * Keeps runs in SQL. Every method is one transaction, and writing the same step again leaves one
 * step: a run that is resumed may repeat what it had written.
 *
 * Text is stored without secrets (`RunDatabaseOptions.secrets`, and all that looks like a key).
 *
 * @example
 * ```ts
 * import { NodeServices } from "@effect/platform-node"
 * import { RunDatabase } from "@sml/run-store"
 * import { Effect } from "effect"
 * import assert from "node:assert/strict"
 *
 * const program = Effect.gen(function* () {
 *   const database = yield* RunDatabase
 *   yield* database.putRun({
 *     id: "first",
 *     label: "math",
 *     directory: "/runs/first",
 *     status: "running",
 *     config: { steps: 2 },
 *     versions: { node: process.version },
 *     seeds: { run: 1 },
 *     machine: "here"
 *   })
 *   yield* database.appendStep("first", { metrics: { step: 1, reward: 0.25 }, episodes: [] })
 *   yield* database.appendStep("first", { metrics: { step: 1, reward: 0.5 }, episodes: [] })
 *   return yield* database.metrics("first")
 * })
 * const metrics = await Effect.runPromise(
 *   program.pipe(
 *     Effect.provide(RunDatabase.layer({ url: ":memory:" })),
 *     Effect.provide(NodeServices.layer)
 *   )
 * )
 * assert.deepEqual(metrics, [{ step: 1, reward: 0.5 }])
 * ```
 */
export class RunDatabase extends Context.Service<
  RunDatabase,
  {
    /** Where it is, without user and password. */
    readonly place: string
    /** Adds the run, or replaces what is said of it; its steps stay. */
    readonly putRun: (run: RunRecord) => Effect.Effect<void, RunStoreError>
    readonly setStatus: (id: string, status: RunStatus) => Effect.Effect<void, RunStoreError>
    /** Writes a step whole, in place of what was there of it. */
    readonly appendStep: (id: string, step: RecordedStep) => Effect.Effect<void, RunStoreError>
    /** Writes dialogues that belong to no step's training, in place of those of the same step and phase. */
    readonly appendEpisodes: (
      id: string,
      episodes: ReadonlyArray<RecordedEpisode>
    ) => Effect.Effect<void, RunStoreError>
    /** Forgets steps, dialogues and checkpoints after `step`. */
    readonly truncateAfter: (id: string, step: number) => Effect.Effect<void, RunStoreError>
    /** Notes a checkpoint; its folder has to lie in that of the run. */
    readonly putCheckpoint: (
      id: string,
      checkpoint: CheckpointEntry
    ) => Effect.Effect<void, RunStoreError>
    readonly removeCheckpoint: (id: string, step: number) => Effect.Effect<void, RunStoreError>
    /** The checkpoints, oldest first. */
    readonly checkpoints: (
      id: string
    ) => Effect.Effect<ReadonlyArray<CheckpointEntry>, RunStoreError>
    /** All runs, by id; ids sort by time. */
    readonly runs: Effect.Effect<ReadonlyArray<RunSummary>, RunStoreError>
    /** One run; fails as `missing`. */
    readonly run: (id: string) => Effect.Effect<RunSummary, RunStoreError>
    /** A line for each step, in order. */
    readonly metrics: (id: string) => Effect.Effect<ReadonlyArray<MetricsLine>, RunStoreError>
    /** The dialogues by step, phase and order of writing; of one step where that is given. */
    readonly episodes: (
      id: string,
      step?: number
    ) => Effect.Effect<ReadonlyArray<RecordedEpisode>, RunStoreError>
    /** Removes all that is stored of the run; its folder stays. */
    readonly remove: (id: string) => Effect.Effect<void, RunStoreError>
  }
>()("@sml/run-store/RunDatabase") {
  /** Opens the database, made and brought to the newest schema where necessary. */
  static readonly layer = (
    options: RunDatabaseOptions
  ): Layer.Layer<RunDatabase, RunStoreError, FileSystem.FileSystem | Path.Path> =>
    Layer.effect(RunDatabase, open(options))
}

/** The client of the URL, and its failures as sentences. */
const connect = Effect.fnUntraced(function* (options: RunDatabaseOptions, place: string) {
  const explain = Effect.mapError(fromSqlError("open the run database", place))
  if (isPostgres(options.url)) {
    // only those who use a server wait for its client to load
    const PgClient = yield* Effect.promise(() => import("@effect/sql-pg/PgClient"))
    const services = yield* Layer.build(
      PgClient.layer({ url: Redacted.make(options.url), connectTimeout: "5 seconds" })
    ).pipe(explain)
    return Context.get(services, SqlClient.SqlClient)
  }
  const path = yield* Path.Path
  const filename = options.url === ":memory:" ? options.url : path.resolve(options.url)
  if (filename !== ":memory:") {
    const folder = path.dirname(filename)
    yield* makeFolders(folder).pipe(
      Effect.mapError(fromPlatformError("make the folder of the run database", folder))
    )
  }
  const services = yield* Layer.build(
    sqliteLayer({
      filename,
      ...(options.lockTimeout !== undefined && { lockTimeout: options.lockTimeout })
    })
  ).pipe(explain)
  return Context.get(services, SqlClient.SqlClient)
})

const migrate = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, place: string) {
  const action = "open the run database"
  const explain = Effect.mapError(fromSqlError(action, place))
  const known = yield* sql
    .onDialectOrElse({
      pg: () => sql`SELECT to_regclass(${versionTable})::text AS name`,
      orElse: () =>
        sql`SELECT name FROM sqlite_master WHERE type = 'table' AND name = ${versionTable}`
    })
    .pipe(explain)
  const isNamed = Schema.is(Schema.Struct({ name: Schema.String }))
  if (known.some((row) => isNamed(row))) {
    const rows = yield* sql`SELECT MAX(migration_id) AS version FROM ${sql(versionTable)}`.pipe(
      explain
    )
    const [row] = yield* Schema.decodeUnknownEffect(Schema.Array(VersionRow))(rows).pipe(
      Effect.mapError((error) => damaged(place, error.message))
    )
    const version = row?.version ?? 0
    if (version > knownVersion) {
      return yield* new RunStoreError({
        problem: "newer",
        path: place,
        reason: `cannot open the run database in ${place}: its schema is version ${version} and this program knows ${knownVersion}; update the program, or use another database`
      })
    }
    if (version === knownVersion) return undefined
  }
  yield* Migrator.make({})({ loader: Effect.succeed(migrations), table: versionTable }).pipe(
    Effect.provideService(SqlClient.SqlClient, sql),
    Effect.mapError((error) =>
      error._tag === "SqlError"
        ? fromSqlError(action, place)(error)
        : new RunStoreError({
            problem: "other",
            path: place,
            reason: `cannot bring the run database in ${place} to schema ${knownVersion}: ${error.message}`
          })
    )
  )
  return undefined
})

const open = Effect.fnUntraced(function* (options: RunDatabaseOptions) {
  const path = yield* Path.Path
  const secrets = options.secrets ?? secretsOf(process.env)
  const place = isPostgres(options.url)
    ? shownPlace(options.url)
    : options.url === ":memory:"
      ? options.url
      : path.resolve(options.url)
  const sql = yield* connect(options, place)
  yield* migrate(sql, place)

  const clean = (text: string): string => storable(redactText(text, secrets))
  const cleanJson = (value: unknown, redact = redactTexts) =>
    Effect.map(
      Schema.decodeUnknownEffect(Schema.Json)(JSON.parse(toText(value))),
      // escapes of half a surrogate pair are no text for PostgreSQL, and stay escapes
      (json) => storable(toText(redact(json, secrets)))
    ).pipe(Effect.mapError((error) => damaged(place, error.message)))

  const transact = <A, R>(
    action: string,
    effect: Effect.Effect<A, SqlError | RunStoreError, R>
  ): Effect.Effect<A, RunStoreError, R> =>
    sql
      .withTransaction(effect)
      .pipe(
        Effect.mapError((error) =>
          error._tag === "SqlError" ? fromSqlError(action, place)(error) : error
        )
      )

  const read = <A, I>(
    action: string,
    schema: Schema.Codec<A, I>,
    rows: Effect.Effect<unknown, SqlError>
  ): Effect.Effect<ReadonlyArray<A>, RunStoreError> =>
    rows.pipe(
      Effect.mapError(fromSqlError(action, place)),
      Effect.flatMap((found) =>
        Schema.decodeUnknownEffect(Schema.Array(schema))(found).pipe(
          Effect.mapError((error) => damaged(place, error.message))
        )
      )
    )

  const insertAll = Effect.fnUntraced(function* (
    table: string,
    rows: ReadonlyArray<Record<string, unknown>>
  ) {
    const [first] = rows
    if (first === undefined) return
    const size = Math.floor(parameterLimit / Object.keys(first).length)
    for (const batch of Arr.chunksOf(rows, size)) {
      if (Arr.isReadonlyArrayNonEmpty(batch)) {
        yield* sql`INSERT INTO ${sql(table)} ${sql.insert(batch)}`
      }
    }
  })

  const known = Effect.fnUntraced(function* (id: string) {
    const rows = yield* sql`SELECT directory FROM runs WHERE id = ${id}`
    const [row] = yield* Schema.decodeUnknownEffect(
      Schema.Array(Schema.Struct({ directory: Schema.String }))
    )(rows).pipe(Effect.mapError((error) => damaged(place, error.message)))
    if (row !== undefined) return row.directory
    return yield* new RunStoreError({
      problem: "missing",
      path: place,
      reason: `there is no run ${id} in ${place}; "sml runs list" names those that are there`
    })
  })

  const writeEpisodes = Effect.fnUntraced(function* (
    id: string,
    episodes: ReadonlyArray<RecordedEpisode>
  ) {
    const places = new Map<string, number>()
    const rows: Array<Record<string, unknown>> = []
    const turns: Array<Record<string, unknown>> = []
    for (const { advantage, episode, phase, step } of episodes) {
      const key = `${step}/${phase}`
      const position = places.get(key) ?? 0
      if (position === 0) {
        yield* sql`DELETE FROM episodes WHERE run_id = ${id} AND step = ${step} AND phase = ${phase}`
      }
      places.set(key, position + 1)
      const { state } = episode
      const at = { run_id: id, step, phase, position }
      rows.push({
        ...at,
        episode: clean(state.episode),
        task: yield* cleanJson(state.task),
        seed: state.seed,
        horizon: state.horizon,
        stop: episode.stop,
        reward: episode.reward,
        failure: episode.failure === undefined ? null : clean(episode.failure),
        advantage: advantage ?? null,
        replies: yield* cleanJson(state.replies)
      })
      let spoken = 0
      for (const [turn, said] of state.history.entries()) {
        const isStudent = said.role === "student"
        const verdict = isStudent ? state.verdicts[spoken++] : undefined
        const trace = isStudent ? said.trace : undefined
        turns.push({
          ...at,
          turn,
          role: said.role,
          text: clean(said.text),
          environment_ids: trace === undefined ? null : idBytes(trace.context),
          student_ids: trace === undefined ? null : idBytes(trace.ids),
          logprobs: trace === undefined ? null : numberBytes(trace.logprobs),
          usage: isStudent && said.usage !== undefined ? toText(said.usage) : null,
          verdict: verdict === undefined ? null : yield* cleanJson(verdict)
        })
      }
    }
    yield* insertAll("episodes", rows)
    yield* insertAll("turns", turns)
  })

  const appendStep = Effect.fn("RunDatabase.appendStep")(function* (
    id: string,
    { episodes, metrics }: RecordedStep
  ) {
    const { step, ...measured } = metrics
    yield* transact(
      "write a step",
      Effect.gen(function* () {
        yield* known(id)
        yield* sql`DELETE FROM steps WHERE run_id = ${id} AND step = ${step}`
        yield* sql`INSERT INTO steps ${sql.insert({ run_id: id, step })}`
        const rows: Array<Record<string, unknown>> = []
        for (const [position, [name, value]] of Object.entries(measured).entries()) {
          const isNumber = typeof value === "number" && Number.isFinite(value)
          rows.push({
            run_id: id,
            step,
            position,
            name: clean(name),
            value: isNumber ? value : null,
            other: isNumber ? null : yield* cleanJson(value)
          })
        }
        yield* insertAll("metrics", rows)
        yield* writeEpisodes(id, episodes)
      })
    )
  })

  const appendEpisodes = Effect.fn("RunDatabase.appendEpisodes")(
    (id: string, episodes: ReadonlyArray<RecordedEpisode>) =>
      transact("write dialogues", Effect.andThen(known(id), writeEpisodes(id, episodes)))
  )

  const putRun = Effect.fn("RunDatabase.putRun")(function* (run: RunRecord) {
    const row = {
      id: run.id,
      label: clean(run.label),
      directory: clean(run.directory),
      status: run.status,
      config: yield* cleanJson(run.config, redactSecrets),
      versions: yield* cleanJson(run.versions),
      seeds: toText(run.seeds),
      machine: yield* cleanJson(run.machine)
    }
    yield* transact(
      "write a run",
      sql`INSERT INTO runs ${sql.insert(row)} ON CONFLICT (id) DO UPDATE SET
        label = excluded.label, directory = excluded.directory, status = excluded.status,
        config = excluded.config, versions = excluded.versions, seeds = excluded.seeds,
        machine = excluded.machine`
    )
  })

  const setStatus = Effect.fn("RunDatabase.setStatus")((id: string, status: RunStatus) =>
    transact(
      "write a run's status",
      Effect.andThen(known(id), sql`UPDATE runs SET status = ${status} WHERE id = ${id}`).pipe(
        Effect.asVoid
      )
    )
  )

  const truncateAfter = Effect.fn("RunDatabase.truncateAfter")((id: string, step: number) =>
    transact(
      "cut a run back",
      Effect.gen(function* () {
        yield* known(id)
        for (const table of ["steps", "episodes", "checkpoints"]) {
          yield* sql`DELETE FROM ${sql(table)} WHERE run_id = ${id} AND step > ${step}`
        }
      })
    )
  )

  const putCheckpoint = Effect.fn("RunDatabase.putCheckpoint")(
    (id: string, { directory, step }: CheckpointEntry) =>
      transact(
        "note a checkpoint",
        Effect.gen(function* () {
          const folder = path.resolve(yield* known(id))
          const inside = path.relative(folder, path.resolve(folder, directory))
          if (inside === "" || inside.split(path.sep)[0] === ".." || path.isAbsolute(inside)) {
            return yield* new RunStoreError({
              problem: "outside",
              path: directory,
              reason: `the checkpoint ${directory} lies outside of its run's folder ${folder}, so it is refused`
            })
          }
          yield* sql`INSERT INTO checkpoints ${sql.insert({ run_id: id, step, directory: inside })}
          ON CONFLICT (run_id, step) DO UPDATE SET directory = excluded.directory`
          return undefined
        })
      )
  )

  const removeCheckpoint = Effect.fn("RunDatabase.removeCheckpoint")((id: string, step: number) =>
    transact(
      "forget a checkpoint",
      Effect.asVoid(sql`DELETE FROM checkpoints WHERE run_id = ${id} AND step = ${step}`)
    )
  )

  const remove = Effect.fn("RunDatabase.remove")((id: string) =>
    transact(
      "remove a run",
      Effect.andThen(known(id), sql`DELETE FROM runs WHERE id = ${id}`).pipe(Effect.asVoid)
    )
  )

  const explainKnown = (id: string, action: string) =>
    known(id).pipe(
      Effect.mapError((error) =>
        error._tag === "SqlError" ? fromSqlError(action, place)(error) : error
      )
    )

  const checkpoints = Effect.fn("RunDatabase.checkpoints")(function* (id: string) {
    const folder = yield* explainKnown(id, "read the checkpoints")
    const rows = yield* read(
      "read the checkpoints",
      CheckpointRow,
      sql`SELECT step, directory FROM checkpoints WHERE run_id = ${id} ORDER BY step`
    )
    return rows.map(({ directory, step }) => ({ step, directory: path.join(folder, directory) }))
  })

  const summaries = Effect.fnUntraced(function* (condition: string | undefined) {
    const rows = yield* read(
      "read the runs",
      Row,
      sql`SELECT id, label, directory, status, config, versions, seeds, machine,
          CAST((SELECT COUNT(*) FROM steps WHERE run_id = id) AS INTEGER) AS steps
        FROM runs ${condition === undefined ? sql.literal("") : sql`WHERE id = ${condition}`}
        ORDER BY id`
    )
    return yield* Effect.forEach(rows, (row) =>
      Effect.gen(function* () {
        return yield* Schema.decodeUnknownEffect(RunSummary)({
          ...row,
          config: yield* decodeJson(row["config"]),
          versions: yield* decodeJson(row["versions"]),
          seeds: yield* decodeJson(row["seeds"]),
          machine: yield* decodeJson(row["machine"])
        })
      }).pipe(Effect.mapError((error) => damaged(place, error.message)))
    )
  })

  const run = Effect.fn("RunDatabase.run")(function* (id: string) {
    yield* explainKnown(id, "read the run")
    const [found] = yield* summaries(id)
    if (found === undefined) return yield* damaged(place, `run ${id} has gone meanwhile`)
    return found
  })

  const metrics = Effect.fn("RunDatabase.metrics")(function* (id: string) {
    yield* explainKnown(id, "read the metrics")
    const rows = yield* read(
      "read the metrics",
      MetricRow,
      sql`SELECT steps.step AS step, name, value, other FROM steps
        LEFT JOIN metrics ON metrics.run_id = steps.run_id AND metrics.step = steps.step
        WHERE steps.run_id = ${id} ORDER BY steps.step, position`
    )
    const lines = new Map<number, Array<readonly [string, Schema.Json]>>()
    for (const { name, other, step, value } of rows) {
      const line = lines.get(step) ?? []
      lines.set(step, line)
      if (name === null) continue
      const found =
        value ??
        (yield* decodeJson(other ?? "null").pipe(
          Effect.mapError((error) => damaged(place, error.message))
        ))
      line.push([name, found])
    }
    return Array.from(lines, ([step, line]) => ({ ...Object.fromEntries(line), step }))
  })

  const episodes = Effect.fn("RunDatabase.episodes")(function* (id: string, step?: number) {
    const action = "read the dialogues"
    yield* explainKnown(id, action)
    const only = step === undefined ? sql.literal("") : sql`AND step = ${step}`
    const rows = yield* read(
      action,
      Row,
      sql`SELECT step, phase, position, episode, task, seed, horizon, stop, reward, failure, advantage,
          replies FROM episodes WHERE run_id = ${id} ${only} ORDER BY step, phase, position`
    )
    const said = yield* read(
      action,
      TurnRow,
      sql`SELECT step, phase, position, role, text, environment_ids, student_ids, logprobs, usage, verdict
        FROM turns WHERE run_id = ${id} ${only} ORDER BY step, phase, position, turn`
    )
    const explain = Effect.mapError((error: Schema.SchemaError) => damaged(place, error.message))
    const turnsOf = new Map<string, { history: Array<Turn>; verdicts: Array<unknown> }>()
    for (const turn of said) {
      const key = `${turn.step}/${turn.position}/${turn.phase}`
      const dialogue = turnsOf.get(key) ?? { history: [], verdicts: [] }
      turnsOf.set(key, dialogue)
      if (turn.role === "teacher") {
        dialogue.history.push({ role: "teacher", text: turn.text })
        continue
      }
      const { environment_ids, logprobs, student_ids, usage, verdict } = turn
      const used =
        usage === null
          ? undefined
          : yield* Schema.decodeUnknownEffect(UsageText)(usage).pipe(explain)
      dialogue.history.push({
        role: "student",
        text: turn.text,
        ...(environment_ids !== null &&
          student_ids !== null &&
          logprobs !== null && {
            trace: {
              context: bytesToIds(environment_ids),
              ids: bytesToIds(student_ids),
              logprobs: bytesToNumbers(logprobs)
            }
          }),
        ...(used !== undefined && { usage: used })
      })
      if (verdict !== null) dialogue.verdicts.push(yield* decodeJson(verdict).pipe(explain))
    }
    return yield* Effect.forEach(rows, (row) =>
      Effect.gen(function* () {
        const key = `${String(row["step"])}/${String(row["position"])}/${String(row["phase"])}`
        const dialogue = turnsOf.get(key)
        const { advantage, failure } = row
        return yield* Schema.decodeUnknownEffect(RecordedEpisode)({
          step: row["step"],
          phase: row["phase"],
          ...(advantage !== null && { advantage }),
          episode: {
            state: {
              episode: row["episode"],
              task: yield* decodeJson(row["task"]),
              seed: row["seed"],
              horizon: row["horizon"],
              history: dialogue?.history ?? [],
              verdicts: dialogue?.verdicts ?? [],
              replies: yield* decodeJson(row["replies"])
            },
            stop: row["stop"],
            reward: row["reward"],
            ...(failure !== null && { failure })
          }
        })
      }).pipe(explain)
    )
  })

  return RunDatabase.of({
    place,
    putRun,
    setStatus,
    appendStep,
    appendEpisodes,
    truncateAfter,
    putCheckpoint,
    removeCheckpoint,
    checkpoints,
    runs: summaries(undefined),
    run,
    metrics,
    episodes,
    remove
  })
})
