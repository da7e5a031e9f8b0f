/** A run folder's lines, read into the database. */
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"

import type { Run } from "./Run.ts"
import { RunDatabase } from "./RunDatabase.ts"

/** The phase of the dialogues that a step learns from. */
const trainingPhase = "train"

const numberAt = (value: unknown, name: string): Readonly<Record<string, number>> =>
  Predicate.hasProperty(value, name) && typeof value[name] === "number"
    ? { [name]: value[name] }
    : {}

const versionsOf = (config: unknown): Readonly<Record<string, string>> => {
  if (!Predicate.hasProperty(config, "start")) return {}
  const { start } = config
  return Predicate.hasProperty(start, "version") && typeof start.version === "string"
    ? { sml: start.version }
    : {}
}

/**
 * Reads a run's folder into the database: configuration, metrics, dialogues and checkpoints, as far as
 * they are kept there; lines that a crash tore are left out. Doing it again brings what is there to
 * what the folder holds now. The folder stays as it is.
 */
export const importRun = Effect.fn("RunDatabase.importRun")(function* (run: Run) {
  const database = yield* RunDatabase
  const config = yield* run.readConfig(Schema.Json)
  const { values: metrics } = yield* run.readMetrics
  const { values: episodes } = yield* run.readEpisodes
  yield* database.putRun({
    id: run.id,
    label: run.id.split("-").slice(2, -1).join("-"),
    directory: run.paths.directory,
    status: "stored",
    config,
    versions: versionsOf(config),
    seeds: numberAt(config, "seed"),
    machine: null
  })
  yield* database.truncateAfter(run.id, 0)
  for (const line of metrics) {
    yield* database.appendStep(run.id, {
      metrics: line,
      episodes: episodes.filter(({ phase, step }) => step === line.step && phase === trainingPhase)
    })
  }
  const steps = new Set(metrics.map(({ step }) => step))
  yield* database.appendEpisodes(
    run.id,
    episodes.filter(({ phase, step }) => phase !== trainingPhase || !steps.has(step))
  )
  for (const checkpoint of yield* run.checkpoints) {
    yield* database.putCheckpoint(run.id, checkpoint)
  }
})
