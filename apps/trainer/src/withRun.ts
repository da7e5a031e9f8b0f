/** The surroundings of a run: services, a run folder, and notes that say where things are. */
import { checkpointDirectory } from "@sml/nano-student/checkpointDirectory"
import type { Run } from "@sml/run-store"
import { RunStore } from "@sml/run-store"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Path from "effect/Path"

import { ConfigError } from "./ConfigError.ts"
import { type Engine, engineFor } from "./engineFor.ts"
import { holdRun } from "./holdRun.ts"
import { environmentLayer, leakDetectorLayer, storeLayer, studentLayer } from "./parties.ts"
import { policyLayer, referenceLayer } from "./policyLayer.ts"
import { Progress } from "./Progress.ts"
import type { RunPlace } from "./RunPlace.ts"
import { recordRun, RunRecorder } from "./RunRecorder.ts"
import type { ConfigLayers } from "./SmlConfig.ts"
import type { TrainOptions } from "./TrainOptions.ts"
import { needsReference } from "./updateOptionsOf.ts"
import { patientPolicy, patientStudent, Waits } from "./Waits.ts"

/** What a program gets that works in a run folder. `config` is what the folder says of it. */
export interface RunContext {
  readonly run: Run
  readonly checkpoint: string
  readonly config: TrainOptions
  /** The built-in engine, where the configuration has no other. */
  readonly engine: Engine | undefined
}

/** Settings that nobody but the built-in engine obeys and that must not be lost in silence. */
const engineOnly = ["device", "lora"] as const

/**
 * Runs `use` with the services that the settings and the configuration name, in a run folder: a new one
 * whose name holds `label`, unless `place` says which. The student samples at temperature 1.
 */
export const withRun = Effect.fn("trainer.withRun")(function* <A, E, R>(
  label: string,
  options: TrainOptions,
  layers: ConfigLayers,
  use: (context: RunContext) => Effect.Effect<A, E, R>,
  place?: RunPlace
) {
  const path = yield* Path.Path
  const progress = yield* Progress
  const checkpoint = path.resolve(options.checkpoint ?? checkpointDirectory)
  const idle = engineOnly.find((key) => options[key] !== undefined)
  if (layers.policy !== undefined && idle !== undefined) {
    return yield* new ConfigError({
      reason: `"${idle}" is a setting of the built-in engine, which the configuration's layers.policy replaces; leave one of them out`
    })
  }
  const config = { ...options, checkpoint }
  const threads = place?.start.threads
  const policy =
    layers.policy ?? (yield* engineFor(threads === undefined ? config : { threads, ...config }))
  const engine = "options" in policy ? policy : undefined
  const note = (text: string) => progress.emit({ _tag: "Note", text })
  if (engine !== undefined) yield* note(`student:    ${checkpoint}`)
  const parties = Layer.mergeAll(
    patientStudent(studentLayer(config, layers, 1), options),
    environmentLayer(layers, options),
    storeLayer(layers),
    place !== undefined && needsReference(options)
      ? referenceLayer(policyLayer(policy), options)
      : Layer.empty,
    leakDetectorLayer(layers)
  ).pipe(
    Layer.provideMerge(patientPolicy(policyLayer(policy), options)),
    Layer.provideMerge(Waits.layer)
  )
  const runAt = (store: RunStore["Service"]) => {
    if (place?._tag === "Resumed") return store.open(place.directory)
    return store.create({
      root: options.runs,
      label,
      config: place === undefined ? config : { ...config, start: place.start },
      ...(place?.directory !== undefined && { directory: place.directory })
    })
  }
  const begin = Effect.gen(function* () {
    const services = yield* Layer.build(parties)
    const store = yield* Effect.provide(RunStore, services)
    const run = yield* runAt(store)
    if (place !== undefined) yield* holdRun(run)
    yield* note(`run folder: ${run.paths.directory}`)
    const recorded =
      place === undefined
        ? undefined
        : yield* recordRun(run, options, { ...config, start: place.start })
    return { services, run, recorded }
  })
  const { recorded, run, services } = yield* begin.pipe(
    Effect.onInterrupt(() => progress.farewell("interrupted before anything was done"))
  )
  const work = use({ run: recorded?.run ?? run, checkpoint, config, engine }).pipe(
    Effect.provide(services)
  )
  if (recorded === undefined) return yield* work
  return yield* work.pipe(
    Effect.provideService(RunRecorder, recorded.recorder),
    Effect.onExit((exit) =>
      recorded.status(
        Exit.isSuccess(exit)
          ? "finished"
          : Cause.hasInterruptsOnly(exit.cause)
            ? "interrupted"
            : "failed"
      )
    )
  )
}, Effect.scoped)
