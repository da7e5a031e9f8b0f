/** Numbers too small for their type's normal form, taken as 0. */
import { Graph, Op, serialize } from "@sml/onnx-autodiff"
import * as Effect from "effect/Effect"

import { EngineError } from "./EngineError.ts"

/** Whether this thread takes denormal numbers as 0. */
export const flushesDenormals = (): boolean => {
  // computed when it is run: a constant would be computed by the compiler
  const [smallest = 0, one = 1] = Float64Array.of(Number.MIN_VALUE, 1)
  return smallest * one === 0
}

/**
 * Lets this thread, and the workers that it starts afterwards, take denormal numbers (below 2⁻¹⁰²² in
 * double, 2⁻¹²⁶ in single precision) as 0. Intel's processors take a hundred times as long for them, and
 * onnxruntime's softmax meets one at every masked position: without them a training step of small models
 * was 5 to 15 % faster on a Xeon.
 *
 * JavaScript cannot set this itself. onnxruntime does, for the thread that creates the first session of
 * the process, so this has to be called before any other use of onnxruntime, and before the engine is
 * started. It says whether it has worked.
 *
 * @example
 * ```ts no-run
 * const program = Effect.gen(function* () {
 *   yield* flushDenormals
 *   return yield* Effect.provide(training, OnnxPolicy.layer({ checkpoint: "models/nano" }))
 * })
 * ```
 */
export const flushDenormals: Effect.Effect<boolean, EngineError> = Effect.suspend(() => {
  if (flushesDenormals()) return Effect.succeed(true)
  const graph = new Graph("flush")
  graph.output("y", Op.neg(graph.input("x", "float32", [1])))
  return Effect.acquireUseRelease(
    Effect.tryPromise({
      try: () =>
        // loaded when it is needed: whoever imports the package does without
        import("onnxruntime-node").then(({ InferenceSession }) =>
          InferenceSession.create(serialize(graph), {
            intraOpNumThreads: 1,
            interOpNumThreads: 1,
            logSeverityLevel: 3,
            extra: { session: { set_denormal_as_zero: "1" } }
          })
        ),
      catch: (cause) =>
        new EngineError({
          reason: `onnxruntime does not start (${String(cause)}); check that onnxruntime-node has a build for ${process.platform}-${process.arch}.`
        })
    }),
    () => Effect.sync(flushesDenormals),
    (session) => Effect.promise(() => session.release())
  )
})
