/** The engine under measurement. */
import { Learner, Sampler } from "@sml/policy"
import { OnnxPolicy } from "@sml/policy-onnx"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

import { BenchError } from "./BenchError.ts"

/** Any failure of a measurement as one of the benchmark. */
export const asBenchError = (error: { readonly message: string }): BenchError =>
  new BenchError({ reason: error.message })

/**
 * A sampler and a learner that end with the scope. `checkpoint` is a folder or a GGUF file; with
 * `lora` only an adapter is trained.
 */
export const openEngine = Effect.fn("bench.openEngine")(function* (
  checkpoint: string,
  threads: number,
  lora?: OnnxPolicy.NewAdapter
) {
  const context = yield* Effect.mapError(
    Layer.build(OnnxPolicy.layer({ checkpoint, threads, ...(lora !== undefined && { lora }) })),
    asBenchError
  )
  return { learner: Context.get(context, Learner), sampler: Context.get(context, Sampler) }
})
