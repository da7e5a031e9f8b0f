/**
 * The smallest policy there is: a table of logits that gives the next token from the last one. It
 * implements both ports exactly, in plain arithmetic and without a native engine, so that a method
 * can be tried and tested in milliseconds.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

import { adamWStep, type AdamWState, initialAdamWState } from "./adamWStep.ts"
import type { Completion } from "./Completion.ts"
import type { Datum } from "./Datum.ts"
import { evaluateObjective } from "./evaluateObjective.ts"
import { tokenDistribution } from "./filterDistribution.ts"
import { Learner } from "./Learner.ts"
import type { Objective } from "./Objective.ts"
import { objectiveNeeds } from "./objectiveNeeds.ts"
import { LearnerError, SamplerError } from "./PolicyError.ts"
import { resolveParameterGroups } from "./resolveParameterGroups.ts"
import { Sampler } from "./Sampler.ts"
import { sampleToken, uniformAt } from "./sampleToken.ts"
import { samplingFault } from "./SamplingSettings.ts"

/** Size and start of a tabular policy. */
export interface TabularPolicyOptions {
  /** Number of token ids. */
  readonly vocabularySize: number
  /** Longest stream, in tokens; default 256. */
  readonly contextLength?: number
  /** `vocabularySize²` logits, row = last token, column = next token; default all 0 (uniform). */
  readonly logits?: ArrayLike<number>
}

/** Log-probabilities of a row of logits. */
const logSoftmax = (row: Float64Array): Float64Array => {
  const largest = row.reduce((left, right) => Math.max(left, right), -Infinity)
  const total = row.reduce((sum, logit) => sum + Math.exp(logit - largest), 0)
  return row.map((logit) => logit - largest - Math.log(total))
}

/** Entropy (nats) of a distribution given by log-probabilities. */
const entropyOf = (distribution: Float64Array): number =>
  distribution.reduce((total, logprob) => total - Math.exp(logprob) * logprob, 0)

const copyOf = ({ first, second, step }: AdamWState): AdamWState => ({
  step,
  first: first.map((array) => array.slice()),
  second: second.map((array) => array.slice())
})

/** What a policy objective misses in the data, as a sentence; the plain ones make do. */
const missingPart = (objective: Objective, data: ReadonlyArray<Datum>): string | undefined => {
  if (objective._tag !== "PolicyOptimisation") return undefined
  for (const part of objectiveNeeds(objective)) {
    const index = data.findIndex((datum) => datum[part] === undefined)
    if (index >= 0) {
      return `TabularPolicy: datum ${data[index]?.label ?? index} has no ${part}, which the objective needs.`
    }
  }
  return undefined
}

/**
 * A {@link Sampler} and a {@link Learner} over one table of logits, starting from `options`.
 * Its one parameter is called `logits`. `save`, `restore` and
 * their likes keep their snapshots in memory, under the name of the directory.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { Effect } from "effect"
 * import { adamW, Learner, TabularPolicy } from "@sml/policy"
 *
 * const data = [{ tokens: Int32Array.of(0, 1), weights: Float32Array.of(1) }]
 * const program = Effect.gen(function* () {
 *   const learner = yield* Learner
 *   const before = yield* learner.forwardBackward(data, {
 *     _tag: "CrossEntropy",
 *     normaliser: "weight"
 *   })
 *   yield* learner.step(adamW({ learningRate: 0.1 }))
 *   const after = yield* learner.forward(data)
 *   return [before.logprobs[0]?.[0] ?? 0, after[0]?.[0] ?? 0] as const
 * })
 * const [before, after] = await Effect.runPromise(
 *   program.pipe(Effect.provide(TabularPolicy.layer({ vocabularySize: 2 })))
 * )
 * assert.ok(after > before)
 * ```
 */
export const layer = (options: TabularPolicyOptions): Layer.Layer<Sampler | Learner> =>
  Layer.effectContext(
    Effect.sync(() => {
      const { contextLength = 256, vocabularySize: size } = options
      const logits = Float64Array.from(options.logits ?? new Float64Array(size * size))
      if (logits.length !== size * size) {
        throw new RangeError(`TabularPolicy: ${logits.length} logits, expected ${size}²`)
      }
      const accumulated = new Float64Array(size * size)
      let moments = initialAdamWState([logits])
      const snapshots = new Map<string, { logits: Float64Array; moments: AdamWState }>()
      const snapshot = (directory: string) =>
        Effect.sync(() => {
          snapshots.set(directory, { logits: logits.slice(), moments: copyOf(moments) })
        })
      const recall = (directory: string, momentsToo: boolean) =>
        Effect.suspend(() => {
          const saved = snapshots.get(directory)
          if (saved === undefined) {
            return new LearnerError({
              reason: `TabularPolicy: nothing was saved as ${directory}; save before restoring.`
            })
          }
          logits.set(saved.logits)
          accumulated.fill(0)
          moments = momentsToo ? copyOf(saved.moments) : initialAdamWState([logits])
          return Effect.void
        })
      const row = (token: number) => logits.subarray(token * size, (token + 1) * size)
      const isToken = (token: number) => token >= 0 && token < size

      const scratch = tokenDistribution(size)

      const generate: Sampler["Service"]["generate"] = (request) =>
        Effect.suspend(() => {
          const last = request.tokens.at(-1)
          if (last === undefined || !request.tokens.every(isToken)) {
            return refuse(`the request needs at least one token, each below ${size}`)
          }
          const problem = samplingFault(request)
          if (problem !== undefined) return refuse(problem)
          if ((request.stopStrings ?? []).length > 0) {
            return refuse("its tokens have no text to find stop strings in; use stop ids")
          }
          const from = request.tokens.length
          const room = Math.max(0, Math.min(request.maxTokens, contextLength - from))
          const ids = new Int32Array(room)
          const logprobs = new Float32Array(room)
          const rawLogprobs = new Float32Array(room)
          const draw = { id: last, logprob: 0, rawLogprob: 0 }
          let length = 0
          let stopped = false
          while (length < room && !stopped) {
            const uniform = uniformAt(request.seed, from + length)
            if (!sampleToken(row(draw.id), 0, size, request, uniform, scratch, draw)) {
              return refuse(`the logits after token ${draw.id} are not finite`)
            }
            ids[length] = draw.id
            logprobs[length] = draw.logprob
            rawLogprobs[length] = draw.rawLogprob
            length += 1
            stopped = request.stop.includes(draw.id)
          }
          return Effect.succeed<Completion>({
            ids: ids.slice(0, length),
            logprobs: logprobs.slice(0, length),
            rawLogprobs: rawLogprobs.slice(0, length),
            stop: stopped ? "stop" : "length"
          })
        })

      const forward = Effect.fnUntraced(function* (data: ReadonlyArray<Datum>) {
        for (const { label, tokens } of data) {
          if (!tokens.every(isToken) || tokens.length > contextLength) {
            return yield* new LearnerError({
              reason: `TabularPolicy: datum ${label ?? ""} has a token outside 0..${size - 1} or is longer than ${contextLength}.`
            })
          }
        }
        return data.map(({ tokens, weights }) =>
          Float32Array.from(
            weights,
            (_weight, at) => logSoftmax(row(tokens[at] ?? 0))[tokens[at + 1] ?? 0] ?? Number.NaN
          )
        )
      })

      return Context.make(Sampler, {
        contextLength,
        vocabularySize: size,
        generate
      }).pipe(
        Context.add(Learner, {
          forward,
          forwardBackward: Effect.fnUntraced(function* (data, objective) {
            const logprobs = yield* forward(data)
            const missing = missingPart(objective, data)
            if (missing !== undefined) return yield* new LearnerError({ reason: missing })
            const bonus = objective._tag === "PolicyOptimisation" && objective.entropy !== undefined
            const entropies = bonus
              ? data.map(({ tokens, weights }: Datum) =>
                  Float32Array.from(weights, (_weight, at) =>
                    entropyOf(logSoftmax(row(tokens[at] ?? 0)))
                  )
                )
              : undefined
            const { entropyGradient, gradient, loss } = evaluateObjective(
              objective,
              data,
              logprobs,
              entropies
            )
            let trainedTokens = 0
            for (const [index, { tokens, weights }] of data.entries()) {
              for (const [at, weight] of weights.entries()) {
                if (weight === 0) continue
                trainedTokens += 1
                const slope = gradient[index]?.[at] ?? 0
                const spread = entropyGradient?.[index]?.[at] ?? 0
                const from = tokens[at] ?? 0
                const to = tokens[at + 1] ?? 0
                // ∂ log softmax(z)_to / ∂ z_k = [k = to] − softmax(z)_k
                const distribution = logSoftmax(row(from))
                const entropy = spread === 0 ? 0 : entropyOf(distribution)
                for (const [next, logprob] of distribution.entries()) {
                  const cell = from * size + next
                  accumulated[cell] =
                    (accumulated[cell] ?? 0) + slope * ((next === to ? 1 : 0) - Math.exp(logprob))
                  // ∂H / ∂z_k = −p_k·(log p_k + H)
                  if (spread !== 0) {
                    accumulated[cell] -= spread * Math.exp(logprob) * (logprob + entropy)
                  }
                }
              }
            }
            return {
              loss,
              trainedTokens,
              logprobs,
              ...(entropies !== undefined && { entropies })
            }
          }),
          step: (optimiser) =>
            Effect.gen(function* () {
              const parameters = yield* Effect.mapError(
                Effect.fromResult(resolveParameterGroups(optimiser, ["logits"], [true])),
                ({ message }) => new LearnerError({ reason: message })
              )
              const gradNorm = adamWStep([logits], [accumulated], moments, optimiser, parameters)
              accumulated.fill(0)
              return { gradNorm }
            }),
          save: snapshot,
          restore: (directory) => recall(directory, false),
          saveState: snapshot,
          restoreState: (directory) => recall(directory, true)
        })
      )
    })
  )

const refuse = (problem: string): Effect.Effect<never, SamplerError> =>
  Effect.fail(new SamplerError({ reason: `TabularPolicy: ${problem}.` }))
