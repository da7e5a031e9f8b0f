/** The surroundings of a run: services, a run folder, and notes that say where things are. */
import { checkpointDirectory } from "@sml/nano-student/checkpointDirectory"
import type { Run } from "@sml/run-store"
import { RunStore } from "@sml/run-store"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Path from "effect/Path"

import { environmentLayer, storeLayer, studentLayer } from "./parties.ts"
import { policyLayer } from "./policyLayer.ts"
import { Progress } from "./Progress.ts"
import type { ConfigLayers } from "./SmlConfig.ts"
import type { TrainOptions } from "./TrainOptions.ts"

/** What a program gets that works in a run folder. `config` is what the folder says of it. */
export interface RunContext {
  readonly run: Run
  readonly checkpoint: string
  readonly config: TrainOptions
}

/**
 * Runs `use` with the services that the settings and the configuration name, in a new run folder whose
 * name holds `label`. The student samples at temperature 1.
 */
export const withRun = Effect.fn("trainer.withRun")(function* <A, E, R>(
  label: string,
  options: TrainOptions,
  layers: ConfigLayers,
  use: (context: RunContext) => Effect.Effect<A, E, R>
) {
  const path = yield* Path.Path
  const progress = yield* Progress
  const checkpoint = path.resolve(options.checkpoint ?? checkpointDirectory)
  const config = { ...options, checkpoint }
  const note = (text: string) => progress.emit({ _tag: "Note", text })
  if (layers.policy === undefined) yield* note(`student:    ${checkpoint}`)
  const parties = Layer.mergeAll(
    studentLayer(config, layers, 1),
    environmentLayer(layers),
    storeLayer(layers)
  ).pipe(Layer.provideMerge(policyLayer(config, layers)))
  const begin = Effect.gen(function* () {
    const services = yield* Layer.build(parties)
    const store = yield* Effect.provide(RunStore, services)
    const run = yield* store.create({ root: options.runs, label, config })
    yield* note(`run folder: ${run.paths.directory}`)
    return { services, run }
  })
  const { run, services } = yield* begin.pipe(
    Effect.onInterrupt(() => progress.farewell("interrupted before anything was done"))
  )
  return yield* use({ run, checkpoint, config }).pipe(Effect.provide(services))
}, Effect.scoped)
