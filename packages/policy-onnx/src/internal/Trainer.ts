/** Forward and backward passes over packed data, and the optimiser. */
import type { ModelConfig } from "@sml/language-model"
import type { AdamW, Objective, PolicyOptimisation, StepResult } from "@sml/policy"
import { type ParameterSettings, resolveParameterGroups } from "@sml/policy/resolveParameterGroups"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { Tensor } from "onnxruntime-node"

import { AdamWOptimiser } from "../AdamWOptimiser.ts"
import { atScored, dropoutName } from "../adapterInputs.ts"
import { embeddedGradient, gradientPrefix, learnerGraph, type Loss } from "../LearnerGraph.ts"
import { type MicroBatch, type MicroBatchBounds, microBatches } from "../MicroBatch.ts"
import { entropiesOutput } from "../PolicyLoss.ts"
import { addArrays } from "./addArrays.ts"
import { EngineFault } from "./EngineFault.ts"
import { causalMask, Int64Feed } from "./feeds.ts"
import { type Feeds, GraphSession, type Outputs } from "./GraphSession.ts"
import type {
  Commands,
  EngineSettings,
  PackedData,
  PackedPolicy,
  TrainerState
} from "./protocol.ts"
import { viewsOf } from "./Shard.ts"
import type { ShardExchange } from "./ShardExchange.ts"
import type { WeightStore } from "./WeightStore.ts"

/** A reply, and what has to be done for it to be true: `accept` adds the gradient. */
export interface Proposal<A> {
  readonly reply: A
  readonly accept: () => void
}

/** Where a trainer stands among the lanes of its engine. */
export interface TrainerLane {
  readonly index: number
  readonly exchange: ShardExchange
}

/** Trains the weights of a store, or the adapter that it has. One method runs at a time. */
export class Trainer {
  readonly #config: ModelConfig
  readonly #weights: WeightStore
  readonly #lane: TrainerLane | undefined
  readonly #bounds: MicroBatchBounds
  readonly #session: (loss: Loss) => GraphSession
  readonly #optimiser: AdamWOptimiser
  #gradient: ReadonlyArray<Float32Array> | undefined
  // gradients computed so far: the seed of the next one's dropout
  #passes = 0

  constructor(
    config: ModelConfig,
    weights: WeightStore,
    settings: EngineSettings,
    lane?: TrainerLane
  ) {
    // compiled when it is first run; a policy loss has no numbers in it, so there are few
    const sessions = new Map<string, GraphSession>()
    this.#session = (loss) => {
      const key = JSON.stringify(loss)
      const known = sessions.get(key)
      if (known !== undefined) return known
      const made = new GraphSession(() => learnerGraph(config, loss, weights.adapter), settings)
      sessions.set(key, made)
      return made
    }
    this.#config = config
    this.#weights = weights
    this.#lane = lane
    this.#bounds = {
      tokens: settings.microBatchTokens,
      activationBytes: settings.activationBytes
    }
    const { arrays } = weights.trained
    this.#optimiser = new AdamWOptimiser(
      lane === undefined ? arrays : viewsOf(lane.exchange.pieces, arrays)
    )
  }

  /** Log-probabilities of all targets, in the data's order. */
  forward(data: PackedData): Effect.Effect<Float32Array, EngineFault> {
    return Effect.gen({ self: this }, function* () {
      const logprobs = new Float32Array(data.weights.length)
      const rows = new PackedRows(data, () => true)
      for (const batch of this.#batches(rows)) {
        const feeds = { ...this.#weights.feeds(batch.width), ...rows.sequences(batch) }
        const outputs = yield* this.#session("none").run(feeds, ["logprobs"])
        rows.unpack(batch, outputs.floats("logprobs"), logprobs)
      }
      return logprobs
    })
  }

  /**
   * The gradient of the objective, with every weight times `scale`. The log-probabilities are 0 where
   * the weight is: no logits are computed there.
   */
  forwardBackward({
    data,
    objective,
    scale
  }: Commands["forwardBackward"]["payload"]): Effect.Effect<
    Proposal<Commands["forwardBackward"]["reply"]>,
    EngineFault
  > {
    return Effect.gen({ self: this }, function* () {
      const clipped = objective._tag === "ClippedPolicyGradient"
      const coefficients = data.weights.map((weight, i) =>
        objective._tag === "PolicyGradient"
          ? scale * weight * (data.advantages?.[i] ?? 0)
          : scale * weight
      )
      const bounds = clipped
        ? { low: scalar(1 - objective.clipLow), high: scalar(1 + objective.clipHigh) }
        : {}
      const { accept, reply } = yield* this.#accumulate(
        data,
        clipped ? "clipped" : "linear",
        (rows, batch) => ({
          ...bounds,
          coefficients: rows.targets(batch, coefficients),
          ...(clipped && {
            advantages: rows.targets(batch, data.advantages ?? coefficients),
            sampled: rows.targets(batch, data.sampled ?? coefficients)
          })
        })
      )
      const { logprobs } = reply
      const loss = lossOf(data, objective, coefficients, logprobs)
      return { reply: { loss, logprobs }, accept }
    })
  }

  /** As {@link forwardBackward}, for a policy objective. */
  policyGradient(
    data: PackedData,
    { high, loss, low, targets }: PackedPolicy
  ): Effect.Effect<Proposal<Commands["policyGradient"]["reply"]>, EngineFault> {
    const clips = loss.surrogate !== "reinforce" && loss.surrogate !== "importance"
    const bounds = clips ? { low: scalar(low), high: scalar(high) } : {}
    return this.#accumulate(data, loss, (rows, batch) => ({
      ...bounds,
      ...(loss.surrogate === "sequenceClip" && rows.averages(batch)),
      ...Object.fromEntries(
        Object.entries(targets).map(([name, array]) => [name, rows.targets(batch, array)])
      )
    }))
  }

  // runs the loss over all data, with its inputs of each micro-batch
  #accumulate(
    data: PackedData,
    loss: Loss,
    inputs: (rows: PackedRows, batch: MicroBatch) => Feeds
  ): Effect.Effect<Proposal<Commands["policyGradient"]["reply"]>, EngineFault> {
    return Effect.gen({ self: this }, function* () {
      const session = this.#session(loss)
      const gradients = this.#gradientOutputs()
      const logprobs = new Float32Array(data.weights.length)
      const entropies =
        typeof loss !== "string" && loss.entropy ? new Float32Array(logprobs.length) : undefined
      const wanted = ["logprobs", ...(entropies === undefined ? [] : [entropiesOutput])]
      const rows = new PackedRows(data, (target) => data.weights[target] !== 0)
      const pass = this.#passes++
      let total: ReadonlyArray<Float32Array> | undefined
      for (const [index, batch] of this.#batches(rows).entries()) {
        const feeds: Feeds = {
          ...this.#weights.feeds(batch.width),
          ...rows.sequences(batch),
          ...this.#dropout(
            batch,
            rows.count(batch),
            mixed(pass + (this.#lane?.index ?? 0) * lanePasses, index)
          ),
          ...inputs(rows, batch)
        }
        const outputs = yield* session.run(feeds, [...wanted, ...gradients.names])
        rows.unpack(batch, outputs.floats("logprobs"), logprobs)
        if (entropies !== undefined) rows.unpack(batch, outputs.floats(entropiesOutput), entropies)
        total = sum(total, gradients.read(outputs, rows, batch))
      }
      return {
        reply: { logprobs, entropies },
        accept: () => {
          // without a target that counts the gradient is zero, and there is one
          this.#gradient = sum(this.#gradient, total ?? this.#zeros())
        }
      }
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
      const { decayed, names } = this.#weights.trained
      const parameters = resolveParameterGroups(settings, names, decayed)
      if (Result.isFailure(parameters)) {
        return new EngineFault({ reason: parameters.failure.message })
      }
      this.#gradient = undefined
      const stepped = this.#update(gradient, settings, parameters.success)
      if (Result.isFailure(stepped)) return new EngineFault({ reason: stepped.failure.message })
      const gradNorm = stepped.success
      return Number.isFinite(gradNorm)
        ? Effect.succeed({ gradNorm })
        : new EngineFault({
            reason: `The gradient's norm is ${gradNorm}, so the step was not taken and the weights are as before; lower the learning rate or check the advantages.`
          })
    })
  }

  // of all parameters; a lane updates its shard and hands it on
  #update(
    gradient: ReadonlyArray<Float32Array>,
    settings: AdamW,
    parameters: ReadonlyArray<ParameterSettings>
  ): ReturnType<AdamWOptimiser["step"]> {
    if (this.#lane === undefined) return this.#optimiser.step(gradient, settings, parameters)
    const { exchange } = this.#lane
    const { pieces } = exchange
    exchange.addUp(gradient)
    const stepped = this.#optimiser.step(
      viewsOf(pieces, gradient),
      settings,
      pieces.flatMap(({ array }) => parameters[array] ?? []),
      (squares) => Math.sqrt(exchange.sum(squares))
    )
    // the others have gone on: there is no way back for this one alone
    if (Result.isFailure(stepped)) throw new Error(stepped.failure.message)
    if (Number.isFinite(stepped.success)) exchange.spread(this.#weights.trained.arrays)
    return stepped
  }

  /** A copy of the accumulated gradient. */
  gradient(): ReadonlyArray<Float32Array> {
    return this.#gradient?.map((array) => array.slice()) ?? this.#zeros()
  }

  #zeros(): ReadonlyArray<Float32Array> {
    return this.#weights.trained.arrays.map((array) => new Float32Array(array.length))
  }

  /** Forgets the gradient and the optimiser's running means. */
  reset(): void {
    this.#gradient = undefined
    this.#optimiser.reset()
  }

  /** A copy of what later steps depend on besides the weights; of a lane, in its shard. */
  state(): TrainerState {
    return { optimiser: this.#optimiser.state(), passes: this.#passes }
  }

  /** Goes on from such a state; an accumulated gradient is forgotten. */
  load({ optimiser, passes }: TrainerState): Effect.Effect<void, EngineFault> {
    return Effect.suspend(() => {
      this.#gradient = undefined
      this.#passes = passes
      const loaded = this.#optimiser.load(optimiser)
      return Result.isFailure(loaded)
        ? new EngineFault({ reason: loaded.failure.message })
        : Effect.void
    })
  }

  // the outputs that hold the gradient, and how the arrays of the trained parameters are made of them
  #gradientOutputs() {
    const { adapter, trained } = this.#weights
    const [embedding, hidden] = [
      trained.names.indexOf("model.embed_tokens.weight"),
      this.#config.hiddenSize
    ]
    const untied = embedding >= 0 && !this.#config.tiedEmbeddings
    const named = trained.names.map((name) => `${gradientPrefix}${name}`)
    const inGraph = named.filter((_, i) => !(untied && i === embedding))
    return {
      names: adapter === undefined ? [...inGraph, embeddedGradient] : inGraph,
      read: (outputs: Outputs, rows: PackedRows, batch: MicroBatch) => {
        const arrays = named.map((name, i) =>
          untied && i === embedding
            ? new Float32Array(trained.arrays[i]?.length ?? 0)
            : outputs.floats(name)
        )
        const table = arrays[embedding]
        // few rows of a large table: adding them here is faster than a table of zeros in the graph
        if (table !== undefined) {
          rows.addRows(batch, outputs.floats(embeddedGradient), hidden, table)
        }
        return arrays
      }
    }
  }

  #batches({ lengths, scored }: PackedRows): ReadonlyArray<MicroBatch> {
    return microBatches(this.#config, lengths, scored, this.#bounds)
  }

  // what each adapted operand keeps in this pass, if the adapter drops anything
  #dropout({ rows, width }: MicroBatch, scored: number, seed: number): Feeds {
    const { adapter } = this.#weights
    const feeds: { [name: string]: Tensor } = {}
    if (adapter === undefined || adapter.dropout === 0) return feeds
    for (const [index, module] of adapter.modules.entries()) {
      const name = dropoutName(module.path)
      if (name in feeds) continue
      const places = atScored(module.path, this.#config.layers) ? [scored] : [rows.length, width]
      const size = places.reduce((a, b) => a * b, module.in)
      const kept = keptElements(size, adapter.dropout, mixed(seed, index))
      feeds[name] = new Tensor("bool", kept, [...places, module.in])
    }
    return feeds
  }
}

// passes of one lane are counted apart from those of the others
const lanePasses = 2 ** 24

// a number that two others decide (the finaliser of MurmurHash3, Appleby 2011)
const mixed = (a: number, b: number): number => {
  let h = Math.imul(a, 0x9e3779b1) ^ (b + 0x7f4a7c15)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

// 1 where an element is kept; the same seed gives the same elements (xorshift32, Marsaglia 2003)
const keptElements = (size: number, probability: number, seed: number): Uint8Array => {
  const kept = new Uint8Array(size)
  const threshold = probability * 2 ** 32
  // 0 would stay 0
  let state = seed === 0 ? 1 : seed
  for (let i = 0; i < size; i++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    kept[i] = state >>> 0 < threshold ? 0 : 1
  }
  return kept
}

const scalar = (x: number): Tensor => new Tensor("float32", Float32Array.of(x), [])

// into the first operand, which is nobody else's
const sum = (
  total: ReadonlyArray<Float32Array> | undefined,
  more: ReadonlyArray<Float32Array>
): ReadonlyArray<Float32Array> => {
  if (total === undefined) return more
  addArrays(total, more)
  return total
}

// in float64; the graph's own sum would lose digits
const lossOf = (
  data: PackedData,
  objective: Exclude<Objective, PolicyOptimisation>,
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

/** Packed sequences as padded feeds, and results at scored targets as packed ones. */
class PackedRows {
  readonly lengths: Int32Array
  /** How many targets of each sequence are scored. */
  readonly scored: Int32Array
  readonly #data: PackedData
  // of each sequence, among the tokens
  readonly #starts: Int32Array
  // the scored targets of each sequence, among all targets
  readonly #targets: ReadonlyArray<ReadonlyArray<number>>

  /** `isScored` says of a target, counted over all sequences, whether its logits are wanted. */
  constructor(data: PackedData, isScored: (target: number) => boolean) {
    this.#data = data
    this.lengths = data.lengths
    this.#starts = new Int32Array(data.lengths.length)
    let start = 0
    this.#targets = Array.from(data.lengths, (length, row) => {
      this.#starts[row] = start
      const targets: Array<number> = []
      // a sequence has one target less than tokens
      for (let t = start - row; t < start - row + length - 1; t++) if (isScored(t)) targets.push(t)
      start += length
      return targets
    })
    this.scored = Int32Array.from(this.#targets, (targets) => targets.length)
  }

  sequences(batch: MicroBatch): Feeds {
    const { rows, width } = batch
    const { tokens } = this.#data
    const shape = [rows.length, width]
    const ids = new Int32Array(rows.length * width)
    const positions = new Int64Feed(ids.length)
    const count = this.count(batch)
    const scored = new Int32Array(count)
    const unscored = new Int32Array(ids.length).fill(count)
    const targets = new Int32Array(count)
    let at = 0
    rows.forEach((row, r) => {
      const start = this.#starts[row] ?? 0
      const end = start + (this.lengths[row] ?? 0)
      ids.set(tokens.subarray(start, end - 1), r * width)
      // positions of padding stay in range: nobody sees what is computed there
      for (let t = 0; t < end - start - 1; t++) positions.set(r * width + t, t)
      for (const target of this.#targets[row] ?? []) {
        const position = target - (start - row)
        scored[at] = r * width + position
        unscored[r * width + position] = at
        targets[at] = tokens[start + position + 1] ?? 0
        at += 1
      }
    })
    return {
      ids: new Tensor("int32", ids, shape),
      positions: positions.tensor(shape),
      mask: causalMask(width),
      scored: new Tensor("int32", scored, [count]),
      unscored: new Tensor("int32", unscored, [ids.length]),
      targets: new Tensor("int32", targets, [count])
    }
  }

  /** The scored ones of numbers that there is one of for each target. */
  targets(batch: MicroBatch, packed: Float32Array): Tensor {
    const count = this.count(batch)
    const picked = new Float32Array(count)
    let at = 0
    for (const row of batch.rows) {
      for (const target of this.#targets[row] ?? []) picked[at++] = packed[target] ?? 0
    }
    return new Tensor("float32", picked, [count])
  }

  /** Which sequence of the batch each scored target belongs to, and what averages over each. */
  averages(batch: MicroBatch): Feeds {
    const count = this.count(batch)
    const sequence = new Int32Array(count)
    const average = new Float32Array(batch.rows.length * count)
    let at = 0
    batch.rows.forEach((row, r) => {
      const size = this.scored[row] ?? 0
      sequence.fill(r, at, at + size)
      average.fill(1 / size, r * count + at, r * count + at + size)
      at += size
    })
    return {
      sequence: new Tensor("int32", sequence, [count]),
      average: new Tensor("float32", average, [batch.rows.length, count])
    }
  }

  unpack({ rows }: MicroBatch, picked: Float32Array, packed: Float32Array): void {
    let at = 0
    for (const row of rows) {
      for (const target of this.#targets[row] ?? []) packed[target] = picked[at++] ?? 0
    }
  }

  /** Adds the rows of `[B, T, columns]` to those of `table` that their tokens stand for. */
  addRows(
    { rows, width }: MicroBatch,
    added: Float32Array,
    columns: number,
    table: Float32Array
  ): void {
    const { tokens } = this.#data
    rows.forEach((row, r) => {
      const start = this.#starts[row] ?? 0
      for (let t = 0; t < (this.lengths[row] ?? 1) - 1; t++) {
        const from = (r * width + t) * columns
        const to = (tokens[start + t] ?? 0) * columns
        for (let i = 0; i < columns; i++)
          table[to + i] = (table[to + i] ?? 0) + (added[from + i] ?? 0)
      }
    })
  }

  /** How many targets of the batch are scored. */
  count({ rows }: MicroBatch): number {
    return rows.reduce((total, row) => total + (this.scored[row] ?? 0), 0)
  }
}
