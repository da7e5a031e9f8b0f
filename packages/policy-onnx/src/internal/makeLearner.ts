/** The `Learner` of an engine. */
import { existsSync } from "node:fs"
import { join } from "node:path"

import {
  encodeModelConfig,
  type LoraAdapter,
  type ModelConfig,
  readCheckpoint,
  readLoraAdapter,
  tensorShapes,
  writeCheckpoint,
  writeLoraAdapter
} from "@sml/language-model"
import {
  AdamW,
  type Datum,
  type DatumPart,
  evaluatePolicyObjective,
  Learner,
  LearnerError,
  Objective,
  objectiveNeeds,
  type ObjectiveTerms,
  objectiveTerms,
  type PolicyOptimisation
} from "@sml/policy"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

import { policyLossOf } from "../PolicyLoss.ts"
import type { Engine } from "./Engine.ts"
import type { PackedData, PackedPolicy } from "./protocol.ts"
import { readTrainerState, writeTrainerState } from "./trainerState.ts"

const refused = (reason: string) => new LearnerError({ reason })

const nameOf = (datum: Datum, index: number): string =>
  datum.label === undefined ? `Datum ${index}` : `The datum "${datum.label}"`

// what is wrong with a datum, as the end of a sentence that begins with its name
const fault = (datum: Datum, config: ModelConfig, needed: ReadonlySet<DatumPart>) => {
  const targets = datum.tokens.length - 1
  if (targets < 1) return `has ${targets + 1} tokens and needs at least 2`
  if (targets > config.contextLength) {
    return `has ${targets + 1} tokens, more than the context of ${config.contextLength}; shorten it`
  }
  const unknown = datum.tokens.findIndex((id) => id < 0 || id >= config.vocabularySize)
  if (unknown >= 0) {
    return `has the id ${datum.tokens[unknown]} at token ${unknown}, outside the vocabulary of ${config.vocabularySize}; use the model's own tokenizer`
  }
  for (const part of needed) {
    if (datum[part] === undefined) return `has no ${part}, which the objective needs`
  }
  for (const name of ["weights", "advantages", "logprobs", "proximal", "reference"] as const) {
    const array = datum[name]
    if (array === undefined) continue
    if (array.length !== targets) {
      return `has ${array.length} ${name} for ${targets} targets; give one per predicted token`
    }
    const bad = array.findIndex((x) => !Number.isFinite(x))
    if (bad >= 0) return `has ${array[bad]} among its ${name} at target ${bad}; find its origin`
  }
  return undefined
}

const pack = (
  data: ReadonlyArray<Datum>,
  config: ModelConfig,
  needed: ReadonlySet<DatumPart>
): Effect.Effect<PackedData, LearnerError> =>
  Effect.suspend(() => {
    if (data.length === 0) {
      return refused("There is no data to run; give at least one datum.")
    }
    for (const [index, datum] of data.entries()) {
      const problem = fault(datum, config, needed)
      if (problem !== undefined) return refused(`${nameOf(datum, index)} ${problem}.`)
    }
    const total = data.reduce((sum, datum) => sum + datum.tokens.length, 0)
    const packed = {
      lengths: Int32Array.from(data, (datum) => datum.tokens.length),
      tokens: new Int32Array(total),
      weights: new Float32Array(total - data.length),
      advantages: needed.has("advantages") ? new Float32Array(total - data.length) : undefined,
      sampled: needed.has("logprobs") ? new Float32Array(total - data.length) : undefined
    }
    let at = 0
    for (const [index, datum] of data.entries()) {
      packed.tokens.set(datum.tokens, at)
      packed.weights.set(datum.weights, at - index)
      if (datum.advantages !== undefined) packed.advantages?.set(datum.advantages, at - index)
      if (datum.logprobs !== undefined) packed.sampled?.set(datum.logprobs, at - index)
      at += datum.tokens.length
    }
    return Effect.succeed(packed)
  })

const buffersOf = (data: PackedData): ReadonlyArray<ArrayBufferLike> =>
  Object.values(data).flatMap((array) => (array === undefined ? [] : [array.buffer]))

const unpack = (data: ReadonlyArray<Datum>, packed: Float32Array): ReadonlyArray<Float32Array> => {
  let at = 0
  return data.map((datum) => {
    const start = at
    at += datum.tokens.length - 1
    return packed.slice(start, at)
  })
}

const flat = (rows: ReadonlyArray<ArrayLike<number>>): Float32Array => {
  const all = new Float32Array(rows.reduce((total, row) => total + row.length, 0))
  let at = 0
  for (const row of rows) {
    all.set(row, at)
    at += row.length
  }
  return all
}

/** What the engine needs to know of a policy objective and its data. */
const packPolicy = (
  objective: PolicyOptimisation,
  data: ReadonlyArray<Datum>,
  terms: ReadonlyArray<ObjectiveTerms>
): PackedPolicy => {
  const { entropy, kl, surrogate } = objective
  const scales = flat(terms.map(({ scale }) => scale))
  const corrections = flat(terms.map(({ correction }) => correction))
  const advantages = flat(data.map((datum) => datum.advantages ?? []))
  const fixed = (name: "anchor" | "compared") => flat(terms.map((term) => term[name] ?? []))
  const dual = surrogate._tag === "Clip" ? surrogate.dual : undefined
  const clips = "high" in surrogate
  return {
    loss: policyLossOf(objective),
    low: clips && surrogate.low !== undefined ? 1 - surrogate.low : -floatMax,
    high: clips ? 1 + surrogate.high : floatMax,
    targets: {
      coefficients: scales.map((scale, at) => scale * (corrections[at] ?? 1)),
      advantages,
      ...(surrogate._tag !== "Reinforce" && { anchor: fixed("anchor") }),
      ...(dual !== undefined && {
        floor: advantages.map((advantage) => (advantage < 0 ? dual * advantage : -floatMax))
      }),
      ...(kl !== undefined && {
        compared: fixed("compared"),
        klCoefficients: scales.map((scale) => kl.coefficient * scale)
      }),
      ...(entropy !== undefined && {
        entropyCoefficients: scales.map((scale) => entropy * scale)
      })
    }
  }
}

/** The largest number in single precision. */
const floatMax = 3.4028234663852886e38

const count = (array: Float32Array): number => array.reduce((n, x) => n + (x === 0 ? 0 : 1), 0)

// sizes that decide the shapes, and what else changes the meaning of a weight
const layoutOf = (config: ModelConfig): string => {
  const { bos_token_id: _, eos_token_id: __, ...layout } = encodeModelConfig(config)
  return JSON.stringify(layout)
}

const check = <S extends Schema.Decoder<unknown>>(schema: S, what: string, value: unknown) =>
  Effect.mapError(
    Schema.decodeUnknownEffect(schema)(value, { onExcessProperty: "error" }),
    (error) =>
      refused(`The ${what} is not valid (${error.message.replace(/\s+/g, " ")}); correct it.`)
  )

// what decides whether the matrices of one adapter can stand in another
const shapeOf = ({ modules }: LoraAdapter): string =>
  JSON.stringify(Array.from(modules, ([path, { rank, scale }]) => [path, rank, scale]))

/** `A` and `B` of each module, as the engine holds them. */
export const matricesOf = ({ modules }: LoraAdapter): ReadonlyArray<Float32Array> =>
  Array.from(modules.values(), ({ A, B }) => [A, B]).flat()

/** Where `save` puts the adapter, beside the files of the merged model. */
const adapterFolder = "adapter"

/** What a learner is made of besides its engine. */
export interface LearnerSetup {
  readonly config: ModelConfig
  /** The folder whose tokenizer's files `save` copies. */
  readonly companions: string | undefined
  /** The adapter that is trained in place of the weights, as it was at the start. */
  readonly adapter: LoraAdapter | undefined
}

export const makeLearner = (
  client: Engine,
  { adapter, companions, config }: LearnerSetup
): Learner["Service"] => {
  const names = [...tensorShapes(config)]
  // the matrices of an adapter in place of a model's weights
  const saveAdapter = Effect.fnUntraced(function* (directory: string, trained: LoraAdapter) {
    const matrices = yield* Effect.mapError(client.command("exportTrained", null), refused)
    const modules = new Map(
      Array.from(trained.modules, ([path, module], i) => [
        path,
        { ...module, A: matrices[2 * i] ?? module.A, B: matrices[2 * i + 1] ?? module.B }
      ])
    )
    yield* Effect.mapError(
      writeLoraAdapter(join(directory, adapterFolder), { ...trained, modules }),
      ({ message }) => refused(message)
    )
  })
  const readAdapter = Effect.fnUntraced(function* (directory: string, trained: LoraAdapter) {
    const inside = join(directory, adapterFolder)
    const saved = yield* Effect.mapError(
      readLoraAdapter(existsSync(inside) ? inside : directory, config),
      ({ message }) => refused(message)
    )
    if (shapeOf(saved) !== shapeOf(trained)) {
      return yield* refused(
        `${directory} holds an adapter of another shape than the one in use; restore one of the same targets, ranks and scales or start an engine on it.`
      )
    }
    return matricesOf(saved)
  })
  const policyGradient = Effect.fnUntraced(function* (
    data: ReadonlyArray<Datum>,
    objective: PolicyOptimisation
  ) {
    const packed = yield* pack(data, config, objectiveNeeds(objective))
    const terms = objectiveTerms(objective, data)
    // a sequence that is masked is not computed
    packed.weights.set(flat(terms.map(({ scale }) => scale)))
    const policy = packPolicy(objective, data, terms)
    const { entropies, logprobs } = yield* Effect.mapError(
      client.command("policyGradient", { data: packed, policy }, [
        ...buffersOf(packed),
        ...Object.values(policy.targets).map(({ buffer }) => buffer)
      ]),
      refused
    )
    const found = unpack(data, logprobs)
    const spread = entropies === undefined ? undefined : unpack(data, entropies)
    const { loss } = evaluatePolicyObjective(objective, data, found, spread)
    const trainedTokens = data.reduce((total, { weights }) => total + count(weights), 0)
    return {
      loss,
      trainedTokens,
      logprobs: found,
      ...(spread !== undefined && { entropies: spread })
    }
  })
  const save = Effect.fn("Learner.save")(function* (directory: string) {
    const arrays = yield* Effect.mapError(client.command("exportWeights", null), refused)
    const tensors = new Map(
      names.map(([name, shape], i) => [name, { shape, data: arrays[i] ?? new Float32Array(0) }])
    )
    yield* Effect.mapError(
      writeCheckpoint(
        directory,
        { config, tensors },
        companions === undefined ? {} : { companions }
      ),
      (error) => refused(error.message)
    )
    if (adapter !== undefined) yield* saveAdapter(directory, adapter)
  })
  const restore = Effect.fn("Learner.restore")(function* (directory: string) {
    if (adapter !== undefined) {
      const matrices = yield* readAdapter(directory, adapter)
      return yield* Effect.mapError(
        Effect.asVoid(client.command("importTrained", matrices)),
        refused
      )
    }
    const checkpoint = yield* Effect.mapError(readCheckpoint(directory), (error) =>
      refused(error.message)
    )
    if (layoutOf(checkpoint.config) !== layoutOf(config)) {
      return yield* refused(
        `${directory} holds a model of another shape than the one in use; restore a checkpoint of this model or start an engine on that folder.`
      )
    }
    const arrays = Array.from(checkpoint.tensors.values(), ({ data }) => data)
    const buffers = arrays.map(({ buffer }) => buffer)
    return yield* Effect.mapError(
      Effect.asVoid(client.command("importTrained", arrays, buffers)),
      refused
    )
  })
  const trainedLengths =
    adapter === undefined
      ? names.map(([, shape]) => shape.reduce((product, size) => product * size, 1))
      : matricesOf(adapter).map(({ length }) => length)
  return Learner.of({
    save,
    restore,
    saveState: Effect.fn("Learner.saveState")(function* (directory: string) {
      yield* save(directory)
      const state = yield* Effect.mapError(client.command("exportState", null), refused)
      yield* Effect.mapError(writeTrainerState(directory, state), refused)
    }),
    restoreState: Effect.fn("Learner.restoreState")(function* (directory: string) {
      // read first: what cannot be read leaves the engine as it is
      const state = yield* Effect.mapError(readTrainerState(directory, trainedLengths), refused)
      yield* restore(directory)
      yield* Effect.mapError(client.command("importState", state), refused)
    }),
    forward: Effect.fn("Learner.forward")(function* (data: ReadonlyArray<Datum>) {
      const packed = yield* pack(data, config, new Set())
      const logprobs = yield* Effect.mapError(
        client.command("forward", packed, buffersOf(packed)),
        refused
      )
      return unpack(data, logprobs)
    }),
    forwardBackward: Effect.fn("Learner.forwardBackward")(function* (
      data: ReadonlyArray<Datum>,
      objective: Objective
    ) {
      yield* check(Objective, "objective", objective)
      if (objective._tag === "PolicyOptimisation") return yield* policyGradient(data, objective)
      const packed = yield* pack(data, config, objectiveNeeds(objective))
      const trainedTokens = count(packed.weights)
      const total = packed.weights.reduce((sum, weight) => sum + weight, 0)
      const normalised = objective.normaliser === "weight"
      if (normalised && !(total > 0)) {
        return yield* refused(
          `The weights of the ${data.length} data sum to ${total}, which cannot normalise the loss; give some target a positive weight or use the normaliser "none".`
        )
      }
      const payload = { data: packed, objective, scale: normalised ? 1 / total : 1 }
      const reply = yield* Effect.mapError(
        client.command("forwardBackward", payload, buffersOf(packed)),
        refused
      )
      return { loss: reply.loss, trainedTokens, logprobs: unpack(data, reply.logprobs) }
    }),
    step: Effect.fn("Learner.step")(function* (optimiser: AdamW) {
      yield* check(AdamW, "optimiser's settings", optimiser)
      return yield* Effect.mapError(client.command("step", optimiser), refused)
    })
  })
}
