import { existsSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { join } from "node:path"

/** Comparing an engine with reference numbers that were computed elsewhere in float64. */
import { CheckpointError, readCheckpoint, tensorShapes } from "@sml/language-model"
import { LearnerError, type Sampler, type SamplerError } from "@sml/policy"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

import type { EngineError } from "./EngineError.ts"
import type { EngineOptions } from "./EngineOptions.ts"
import { makeLearner } from "./internal/makeLearner.ts"
import { makeSampler } from "./internal/makeSampler.ts"
import { startEngine } from "./internal/startEngine.ts"

const Numbers = Schema.Array(Schema.Finite)
const Ids = Schema.Array(Schema.Int)

/**
 * `golden_grad.json` of a checkpoint folder: streams of ids, the weight of each target, the loss
 * `−Σ w·ℓ / Σ w`, each target's log-probability ℓ (nats), and for each parameter the L2 norm and the
 * first elements of the loss's gradient.
 */
export const GoldenGradient = Schema.Struct({
  ids: Schema.Array(Ids),
  weights: Schema.Array(Numbers),
  loss: Schema.Finite,
  logprobs: Schema.Array(Numbers),
  grads: Schema.Record(Schema.String, Schema.Struct({ norm: Schema.Finite, head: Numbers }))
})
export type GoldenGradient = typeof GoldenGradient.Type

/** `golden_greedy.json`, which a folder may have: the ids of a greedy continuation, its one-token
 * prompt included. */
export const GoldenGreedy = Schema.Struct({ ids: Ids })
export type GoldenGreedy = typeof GoldenGreedy.Type

/** How far the engine is from the reference. */
export interface GoldenComparison {
  /** Largest absolute difference of a log-probability, nats. */
  readonly logprobError: number
  /** Absolute difference of the loss. */
  readonly lossError: number
  /** Largest relative difference of a parameter's gradient norm, and that parameter. */
  readonly gradientNormError: number
  readonly worstGradient: string
  /** Largest difference of a listed gradient element, in units of 10⁻³ · |element| + 10⁻⁵. */
  readonly gradientElementError: number
  /** Whether the greedy continuation is the same; `undefined` without a file. */
  readonly greedyEqual: boolean | undefined
  /** Log-probabilities within 10⁻⁴, norms within 10⁻³, elements within their unit, equal text. */
  readonly passed: boolean
}

const readGolden = Effect.fnUntraced(function* <S extends Schema.Decoder<unknown>>(
  schema: S,
  file: string
) {
  const text = yield* Effect.tryPromise({
    try: () => readFile(file, "utf8"),
    catch: (cause) =>
      new CheckpointError({
        file,
        reason: `${file} could not be read (${String(cause)}); pass a folder with reference numbers.`
      })
  })
  const decoded = Schema.decodeUnknownResult(Schema.fromJsonString(schema))(text)
  if (Result.isSuccess(decoded)) return decoded.success
  return yield* new CheckpointError({
    file,
    reason: `${file} is malformed (${decoded.failure.message.replace(/\s+/g, " ")}); copy it again from its source.`
  })
})

const compareGreedy = Effect.fnUntraced(function* (directory: string, sampler: Sampler["Service"]) {
  const file = join(directory, "golden_greedy.json")
  if (!existsSync(file)) return undefined
  const { ids } = yield* readGolden(GoldenGreedy, file)
  const completion = yield* sampler.generate({
    tokens: Int32Array.from(ids.slice(0, 1)),
    maxTokens: ids.length - 1,
    temperature: 0,
    stop: [],
    seed: 0
  })
  return completion.ids.join() === ids.slice(1).join()
})

/**
 * Runs the checkpoint of a folder on the engine and compares it with the folder's
 * `golden_grad.json`, and with `golden_greedy.json` where there is one.
 *
 * @example
 * ```ts no-run
 * const { passed, logprobError } = yield* compareGolden("models/stories260K")
 * ```
 */
export const compareGolden = (
  directory: string,
  options: EngineOptions = {}
): Effect.Effect<GoldenComparison, CheckpointError | EngineError | LearnerError | SamplerError> =>
  Effect.scoped(
    Effect.gen(function* () {
      const checkpoint = yield* readCheckpoint(directory)
      const golden = yield* readGolden(GoldenGradient, join(directory, "golden_grad.json"))
      const { config } = checkpoint
      const client = yield* startEngine(checkpoint, options)
      const learner = makeLearner(client, { config, companions: undefined, adapter: undefined })
      const data = golden.ids.map((ids, i) => ({
        tokens: Int32Array.from(ids),
        weights: Float32Array.from(golden.weights[i] ?? [])
      }))
      const logprobs = yield* learner.forward(data)
      const { loss } = yield* learner.forwardBackward(data, {
        _tag: "CrossEntropy",
        normaliser: "weight"
      })
      const gradients = yield* Effect.mapError(
        client.command("exportGradient", null),
        (reason) => new LearnerError({ reason })
      )
      let logprobError = 0
      golden.logprobs.forEach((row, b) =>
        row.forEach((expected, t) => {
          const off = Math.abs(expected - (logprobs[b]?.[t] ?? NaN))
          // NaN, too, is an error
          if (!(off <= logprobError)) logprobError = off
        })
      )
      let gradientNormError = 0
      let worstGradient = ""
      let gradientElementError = 0
      const names = [...tensorShapes(config).keys()]
      for (const [name, expected] of Object.entries(golden.grads)) {
        // a reference may list a tied head besides the embedding that it is
        const tied = config.tiedEmbeddings && name === "lm_head.weight"
        const gradient = gradients[names.indexOf(tied ? "model.embed_tokens.weight" : name)]
        if (gradient === undefined) {
          return yield* new CheckpointError({
            file: join(directory, "golden_grad.json"),
            reason: `${join(directory, "golden_grad.json")} has a gradient of "${name}", which the checkpoint beside it has not; make both from the same model.`
          })
        }
        const norm = Math.sqrt(gradient.reduce((sum, x) => sum + x * x, 0))
        // a parameter that the loss does not depend on has the norm 0
        const error = Math.abs(norm - expected.norm) / Math.max(expected.norm, 1e-12)
        if (!(error <= gradientNormError)) {
          gradientNormError = error
          worstGradient = name
        }
        expected.head.forEach((x, j) => {
          const unit = 1e-3 * Math.abs(x) + 1e-5
          const off = Math.abs(x - (gradient[j] ?? NaN)) / unit
          if (!(off <= gradientElementError)) gradientElementError = off
        })
      }
      const greedyEqual = yield* compareGreedy(
        directory,
        yield* makeSampler(client, config, undefined)
      )
      return {
        logprobError,
        lossError: Math.abs(loss - golden.loss),
        gradientNormError,
        worstGradient,
        gradientElementError,
        greedyEqual,
        passed:
          logprobError <= 1e-4 &&
          gradientNormError <= 1e-3 &&
          gradientElementError <= 1 &&
          greedyEqual !== false
      }
    })
  )
