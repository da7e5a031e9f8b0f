/** An ONNX graph, compiled when it is first run. */
import { type Graph, serialize } from "@sml/onnx-autodiff"
import * as Effect from "effect/Effect"
import { InferenceSession, type Tensor } from "onnxruntime-node"

import { flushesDenormals } from "../flushDenormals.ts"
import { EngineFault } from "./EngineFault.ts"
import type { EngineSettings } from "./protocol.ts"

type SessionSettings = Pick<EngineSettings, "device" | "threads">

export type Feeds = { readonly [name: string]: Tensor }

/** Runs one graph. `run` blocks the thread while onnxruntime computes. */
export class GraphSession {
  readonly #build: () => Graph
  readonly #settings: SessionSettings
  #session: Promise<InferenceSession> | undefined

  constructor(build: () => Graph, settings: SessionSettings) {
    this.#build = build
    this.#settings = settings
  }

  /** The named outputs as arrays of their own. Only what is asked for is copied out. */
  run(feeds: Feeds, outputs: ReadonlyArray<string>): Effect.Effect<Outputs, EngineFault> {
    return Effect.tryPromise({
      try: async () => {
        this.#session ??= this.#create()
        const session = await this.#session
        return new Outputs(await session.run(feeds, outputs))
      },
      catch: (cause) =>
        new EngineFault({
          reason: `onnxruntime could not run the model on the device "${this.#settings.device}" (${String(cause)}); use smaller batches if memory ran out, else report this as a bug.`
        })
    })
  }

  // asynchronous, so that a graph that cannot be built is a rejection too
  async #create(): Promise<InferenceSession> {
    return InferenceSession.create(serialize(this.#build()), {
      // a provider that cannot be created is a failure; onnxruntime itself keeps shapes on the CPU
      executionProviders: [this.#settings.device],
      intraOpNumThreads: this.#settings.threads,
      interOpNumThreads: 1,
      graphOptimizationLevel: "all",
      // a thread spins from one operator to the next and then sleeps: spinning longer, it takes the
      // cores that teacher and verifier need
      extra: {
        session: {
          intra_op: { allow_spinning: "1", spin_duration_us: "10" },
          // all threads alike
          set_denormal_as_zero: flushesDenormals() ? "1" : "0"
        }
      },
      // errors only: its warnings are about what it optimised away
      logSeverityLevel: 3
    })
  }
}

/** The float32 results of a run. */
export class Outputs {
  readonly #results: InferenceSession.OnnxValueMapType

  constructor(results: InferenceSession.OnnxValueMapType) {
    this.#results = results
  }

  floats(name: string): Float32Array {
    const data = this.#results[name]?.data
    if (!(data instanceof Float32Array)) throw new Error(`the graph has no output "${name}"`)
    return data
  }
}
