/** Forward and backward passes over packed data, and the optimiser. */
import type { ModelConfig } from "@sml/language-model"
import type { AdamW, Objective, StepResult } from "@sml/policy"
import { adamWStep, type AdamWState, initialAdamWState } from "@sml/policy/adamWStep"
import { resolveParameterGroups } from "@sml/policy/resolveParameterGroups"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { Tensor } from "onnxruntime-node"

import { gradientPrefix, learnerGraph, type Loss } from "../LearnerGraph.ts"
import { EngineFault } from "./EngineFault.ts"
import { causalMask, Int64Feed } from "./feeds.ts"
import { type Feeds, GraphSession } from "./GraphSession.ts"
import type { Commands, EngineSettings, PackedData } from "./protocol.ts"
import type { WeightStore } from "./WeightStore.ts"

/** Sequences that run together, padded to `width` positions; `rows` are indices into the data. */
interface MicroBatch {
  readonly rows: ReadonlyArray<number>
  readonly width: number
}

// sequences of similar length together, longest first, so that memory peaks at the start
const microBatches = (lengths: Int32Array, budget: number): ReadonlyArray<MicroBatch> => {
  const order = Array.from(lengths.keys()).toSorted(
    (a, b) => (lengths[b] ?? 0) - (lengths[a] ?? 0) || a - b
  )
  const batches: Array<MicroBatch> = []
  let rows: Array<number> = []
  let width = 0
  for (const row of order) {
    if (rows.length > 0 && (rows.length + 1) * width > budget) {
      batches.push({ rows, width })
      rows = []
    }
    // the last token of a sequence is a target only
    if (rows.length === 0) width = Math.ceil(((lengths[row] ?? 0) - 1) / 8) * 8
    rows.push(row)
  }
  if (rows.length > 0) batches.push({ rows, width })
  return batches
}

/** Trains the weights of a store. One method runs at a time. */
export class Trainer {
  readonly #weights: WeightStore
  readonly #budget: number
  readonly #sessions: { readonly [L in Loss]: GraphSession }
  #optimiser: AdamWState
  #gradient: ReadonlyArray<Float32Array> | undefined

  constructor(config: ModelConfig, weights: WeightStore, settings: EngineSettings) {
    const session = (loss: Loss) =>
      new GraphSession(() => learnerGraph(config, loss), settings.threads)
    this.#weights = weights
    this.#budget = settings.microBatchTokens
    this.#sessions = {
      none: session("none"),
      linear: session("linear"),
      clipped: session("clipped")
    }
    this.#optimiser = initialAdamWState(weights.arrays)
  }

  /** Log-probabilities of all targets, in the data's order. */
  forward(data: PackedData): Effect.Effect<Float32Array, EngineFault> {
    return Effect.gen({ self: this }, function* () {
      const logprobs = new Float32Array(data.weights.length)
      const rows = new PackedRows(data)
      for (const batch of microBatches(data.lengths, this.#budget)) {
        const feeds = { ...this.#weights.feeds(batch.width), ...rows.sequences(batch) }
        const outputs = yield* this.#sessions.none.run(feeds, ["logprobs"])
        rows.unpack(batch, outputs.floats("logprobs"), logprobs)
      }
      return logprobs
    })
  }

  /** Adds the gradient of the objective; an interruption or a failure adds nothing. */
  forwardBackward(
    data: PackedData,
    objective: Objective
  ): Effect.Effect<Commands["forwardBackward"]["reply"], EngineFault> {
    return Effect.gen({ self: this }, function* () {
      const scale = 1 / normaliserOf(data, objective)
      const clipped = objective._tag === "ClippedPolicyGradient"
      const session = clipped ? this.#sessions.clipped : this.#sessions.linear
      const coefficients = data.weights.map((weight, i) =>
        objective._tag === "PolicyGradient"
          ? scale * weight * (data.advantages?.[i] ?? 0)
          : scale * weight
      )
      const bounds = clipped
        ? { low: scalar(1 - objective.clipLow), high: scalar(1 + objective.clipHigh) }
        : {}
      const names = this.#weights.names.map((name) => `${gradientPrefix}${name}`)
      const logprobs = new Float32Array(data.weights.length)
      const rows = new PackedRows(data)
      let total: ReadonlyArray<Float32Array> | undefined
      for (const batch of microBatches(data.lengths, this.#budget)) {
        const feeds: Feeds = {
          ...this.#weights.feeds(batch.width),
          ...rows.sequences(batch),
          ...bounds,
          coefficients: rows.targets(batch, coefficients),
          ...(clipped && {
            advantages: rows.targets(batch, data.advantages ?? coefficients),
            sampled: rows.targets(batch, data.sampled ?? coefficients)
          })
        }
        const outputs = yield* session.run(feeds, ["logprobs", ...names])
        rows.unpack(batch, outputs.floats("logprobs"), logprobs)
        total = sum(
          total,
          names.map((name) => outputs.floats(name))
        )
      }
      if (total !== undefined) this.#gradient = sum(this.#gradient, total)
      return { loss: lossOf(data, objective, coefficients, logprobs), logprobs }
    })
  }

  /** Applies and clears the gradient. A gradient that is not finite is cleared, not applied. */
  step(settings: AdamW): Effect.Effect<StepResult, EngineFault> {
    return Effect.suspend(() => {
      const gradient = this.#gradient
      if (gradient === undefined) {
        return new EngineFault({
          reason: "There is no gradient to apply; call forwardBackward before step."
        })
      }
      const { arrays, decayed, names } = this.#weights
      const parameters = resolveParameterGroups(settings, names, decayed)
      if (Result.isFailure(parameters)) {
        return new EngineFault({ reason: parameters.failure.message })
      }
      this.#gradient = undefined
      const gradNorm = adamWStep(arrays, gradient, this.#optimiser, settings, parameters.success)
      return Number.isFinite(gradNorm)
        ? Effect.succeed({ gradNorm })
        : new EngineFault({
            reason: `The gradient's norm is ${gradNorm}, so the step was not taken and the weights are as before; lower the learning rate or check the advantages.`
          })
    })
  }

  /** A copy of the accumulated gradient. */
  gradient(): ReadonlyArray<Float32Array> {
    return (
      this.#gradient?.map((array) => array.slice()) ??
      this.#weights.arrays.map((array) => new Float32Array(array.length))
    )
  }

  /** Forgets the gradient and the optimiser's running means. */
  reset(): void {
    this.#gradient = undefined
    this.#optimiser = initialAdamWState(this.#weights.arrays)
  }
}

const scalar = (x: number): Tensor => new Tensor("float32", Float32Array.of(x), [])

const normaliserOf = (data: PackedData, objective: Objective): number =>
  objective.normaliser === "none" ? 1 : data.weights.reduce((total, weight) => total + weight, 0)

// into the first operand, which is nobody else's
const sum = (
  total: ReadonlyArray<Float32Array> | undefined,
  more: ReadonlyArray<Float32Array>
): ReadonlyArray<Float32Array> => {
  if (total === undefined) return more
  total.forEach((array, index) => {
    const other = more[index] ?? array
    for (let i = 0; i < array.length; i++) array[i] = (array[i] ?? 0) + (other[i] ?? 0)
  })
  return total
}

// in float64; the graph's own sum would lose digits
const lossOf = (
  data: PackedData,
  objective: Objective,
  coefficients: Float32Array,
  logprobs: Float32Array
): number => {
  let loss = 0
  for (let i = 0; i < coefficients.length; i++) {
    const coefficient = coefficients[i] ?? 0
    if (coefficient === 0) continue
    const logprob = logprobs[i] ?? 0
    if (objective._tag === "ClippedPolicyGradient") {
      const advantage = data.advantages?.[i] ?? 0
      const ratio = Math.exp(logprob - (data.sampled?.[i] ?? 0))
      const bounded = Math.min(Math.max(ratio, 1 - objective.clipLow), 1 + objective.clipHigh)
      loss -= coefficient * Math.min(ratio * advantage, bounded * advantage)
    } else {
      loss -= coefficient * logprob
    }
  }
  return loss
}

/** Packed sequences as padded feeds, and padded results as packed ones. */
class PackedRows {
  readonly #data: PackedData
  readonly #starts: Int32Array

  constructor(data: PackedData) {
    this.#data = data
    this.#starts = new Int32Array(data.lengths.length)
    let start = 0
    data.lengths.forEach((length, row) => {
      this.#starts[row] = start
      start += length
    })
  }

  sequences({ rows, width }: MicroBatch): Feeds {
    const { tokens } = this.#data
    const shape = [rows.length, width]
    const ids = new Int32Array(rows.length * width)
    const targets = new Int32Array(ids.length)
    const positions = new Int64Feed(ids.length)
    rows.forEach((row, r) => {
      const start = this.#starts[row] ?? 0
      const end = start + (this.#data.lengths[row] ?? 0)
      ids.set(tokens.subarray(start, end - 1), r * width)
      targets.set(tokens.subarray(start + 1, end), r * width)
      // positions of padding stay in range: nobody sees what is computed there
      for (let t = 0; t < end - start - 1; t++) positions.set(r * width + t, t)
    })
    return {
      ids: new Tensor("int32", ids, shape),
      targets: new Tensor("int32", targets, shape),
      positions: positions.tensor(shape),
      mask: causalMask(width)
    }
  }

  targets({ rows, width }: MicroBatch, packed: Float32Array): Tensor {
    const padded = new Float32Array(rows.length * width)
    rows.forEach((row, r) => {
      padded.set(this.#slice(row, packed), r * width)
    })
    return new Tensor("float32", padded, [rows.length, width])
  }

  unpack({ rows, width }: MicroBatch, padded: Float32Array, packed: Float32Array): void {
    rows.forEach((row, r) => {
      const slice = this.#slice(row, packed)
      slice.set(padded.subarray(r * width, r * width + slice.length))
    })
  }

  // a sequence has one target less than tokens
  #slice(row: number, packed: Float32Array): Float32Array {
    const start = (this.#starts[row] ?? 0) - row
    return packed.subarray(start, start + (this.#data.lengths[row] ?? 1) - 1)
  }
}
