/** The schema of the run database, version by version. What has been released is never edited. */
import * as Effect from "effect/Effect"
import type * as Migrator from "effect/sql/Migrator"
import * as SqlClient from "effect/sql/SqlClient"

/** The table of the versions that a database has been brought to. */
export const versionTable = "sml_migrations"

const first = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const bytes = sql.literal(sql.onDialectOrElse({ pg: () => "BYTEA", orElse: () => "BLOB" }))
  const run = sql.literal("run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE")
  yield* sql`
    CREATE TABLE runs (
      id TEXT PRIMARY KEY,
      label TEXT NOT NULL,
      directory TEXT NOT NULL,
      status TEXT NOT NULL,
      config TEXT NOT NULL,
      versions TEXT NOT NULL,
      seeds TEXT NOT NULL,
      machine TEXT NOT NULL
    )`
  yield* sql`
    CREATE TABLE steps (
      ${run},
      step INTEGER NOT NULL,
      PRIMARY KEY (run_id, step)
    )`
  yield* sql`
    CREATE TABLE metrics (
      run_id TEXT NOT NULL,
      step INTEGER NOT NULL,
      position INTEGER NOT NULL,
      name TEXT NOT NULL,
      value DOUBLE PRECISION,
      other TEXT,
      PRIMARY KEY (run_id, step, name),
      FOREIGN KEY (run_id, step) REFERENCES steps (run_id, step) ON DELETE CASCADE
    )`
  yield* sql`
    CREATE TABLE episodes (
      ${run},
      step INTEGER NOT NULL,
      phase TEXT NOT NULL,
      position INTEGER NOT NULL,
      episode TEXT NOT NULL,
      task TEXT NOT NULL,
      seed DOUBLE PRECISION NOT NULL,
      horizon INTEGER NOT NULL,
      stop TEXT NOT NULL,
      reward INTEGER NOT NULL,
      failure TEXT,
      advantage DOUBLE PRECISION,
      replies TEXT NOT NULL,
      PRIMARY KEY (run_id, step, phase, position)
    )`
  yield* sql`
    CREATE TABLE turns (
      run_id TEXT NOT NULL,
      step INTEGER NOT NULL,
      phase TEXT NOT NULL,
      position INTEGER NOT NULL,
      turn INTEGER NOT NULL,
      role TEXT NOT NULL,
      text TEXT NOT NULL,
      environment_ids ${bytes},
      student_ids ${bytes},
      logprobs ${bytes},
      usage TEXT,
      verdict TEXT,
      PRIMARY KEY (run_id, step, phase, position, turn),
      FOREIGN KEY (run_id, step, phase, position)
        REFERENCES episodes (run_id, step, phase, position) ON DELETE CASCADE
    )`
  yield* sql`
    CREATE TABLE checkpoints (
      ${run},
      step INTEGER NOT NULL,
      directory TEXT NOT NULL,
      PRIMARY KEY (run_id, step)
    )`
})

/** Every version in order; a new one is added at the end. */
export const migrations: ReadonlyArray<Migrator.ResolvedMigration> = [
  [1, "runs", Effect.succeed(first)]
]

/** The newest version that this program knows. */
export const knownVersion = Math.max(...migrations.map(([id]) => id))
