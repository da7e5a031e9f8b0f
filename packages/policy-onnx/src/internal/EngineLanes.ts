/** An engine of several workers, each with a copy of the weights and a share of the work. */
import type { Completion } from "@sml/policy"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"

import type { EngineError } from "../EngineError.ts"
import { addArrays } from "./addArrays.ts"
import { type DataPart, dataParts } from "./dataParts.ts"
import type { Engine, Listener, Request } from "./Engine.ts"
import { EngineClient } from "./EngineClient.ts"
import { LaneChoice } from "./LaneChoice.ts"
import type {
  CommandName,
  Commands,
  Counters,
  PackedData,
  PackedPolicy,
  TrainerState,
  Vocabulary,
  WorkerSetup
} from "./protocol.ts"
import { Rendezvous } from "./Rendezvous.ts"
import { type Piece, shardOf, viewsOf } from "./Shard.ts"
import { ShardExchange } from "./ShardExchange.ts"

type Handlers = {
  readonly [K in CommandName]: (
    payload: Commands[K]["payload"]
  ) => Effect.Effect<Commands[K]["reply"], string>
}

/**
 * A lane is a worker with its own weights, optimiser and caches. A dialogue's requests go to one lane;
 * sequences to train on are shared out, and the lanes add their gradients up before each takes the same
 * step. What onnxruntime's threads would do at the end of every operator, wait for each other, is so
 * done once a step.
 */
export class EngineLanes implements Engine {
  readonly #first: EngineClient
  readonly #lanes: ReadonlyArray<EngineClient>
  readonly #choice: LaneChoice
  readonly #handlers: Handlers
  // of what is trained: all arrays, and what of them each lane updates
  readonly #lengths: ReadonlyArray<number>
  readonly #shards: ReadonlyArray<ReadonlyArray<Piece>>

  /** Starts `count` workers; they are stopped when the scope closes. The settings are each one's. */
  static readonly make = (
    setup: WorkerSetup,
    count: number
  ): Effect.Effect<EngineLanes, EngineError, Scope.Scope> =>
    Effect.gen(function* () {
      const meetings = Rendezvous.memory(count)
      const lengths = trainedArrays(setup).map(({ length }) => length)
      const size = lengths.reduce((sum, length) => sum + length, 0)
      const shards = ShardExchange.memory(size, count)
      const lanes: Array<EngineClient> = []
      const end = () => {
        // who waits for the lane that has ended wakes, and ends too
        Rendezvous.abandon(meetings)
        for (const lane of lanes) lane.abandon()
      }
      const start = (own: WorkerSetup, index: number) =>
        Effect.map(
          EngineClient.make({ ...own, lane: { index, meetings, shards } }, end),
          (lane) => {
            lanes.push(lane)
            return lane
          }
        )
      // each takes the arrays that it is given
      const copies = Array.from({ length: count - 1 }, () => copyOf(setup))
      const [first, ...others] = yield* Effect.all(
        [start(setup, 0), ...copies.map((copy, index) => start(copy, index + 1))],
        { concurrency: "unbounded" }
      )
      return new EngineLanes(first, others, lengths)
    })

  private constructor(
    first: EngineClient,
    others: ReadonlyArray<EngineClient>,
    lengths: ReadonlyArray<number>
  ) {
    this.#first = first
    this.#lanes = [first, ...others]
    this.#lengths = lengths
    this.#shards = this.#lanes.map((_, lane) => shardOf(lengths, lane, this.#lanes.length))
    this.#choice = new LaneChoice(this.#lanes.length)
    this.#handlers = {
      forward: (data) => this.#forward(data),
      forwardBackward: (payload) => this.#forwardBackward(payload),
      policyGradient: (payload) => this.#policyGradient(payload),
      // every lane takes the same step
      step: (settings) => this.#sameOf("step", () => settings),
      exportWeights: () => first.command("exportWeights", null),
      exportTrained: () => first.command("exportTrained", null),
      exportGradient: () => this.#gradient(),
      exportState: () => this.#state(),
      importState: (state) =>
        this.#sameOf("importState", (lane) => this.#shardOfState(state, lane)),
      importTrained: (arrays) => this.#sameOf("importTrained", () => arrays)
    }
  }

  /** Numbers of all lanes together; their seconds on average. */
  get counters(): Counters {
    const total = (key: keyof Counters) =>
      this.#lanes.reduce((sum, { counters }) => sum + counters[key], 0)
    const mean = (key: keyof Counters) => total(key) / this.#lanes.length
    return {
      sampledTokens: total("sampledTokens"),
      prefilledTokens: total("prefilledTokens"),
      reusedTokens: total("reusedTokens"),
      trainedTokens: total("trainedTokens"),
      prefillSeconds: mean("prefillSeconds"),
      decodeSeconds: mean("decodeSeconds"),
      forwardSeconds: mean("forwardSeconds"),
      forwardBackwardSeconds: mean("forwardBackwardSeconds"),
      stepSeconds: mean("stepSeconds")
    }
  }

  generate(
    request: Request,
    tokens: Int32Array,
    listener?: Listener
  ): Effect.Effect<Completion, string> {
    return Effect.acquireUseRelease(
      Effect.sync(() => this.#choice.take(request.cacheKey, tokens)),
      (index) => (this.#lanes[index] ?? this.#first).generate(request, tokens, listener),
      (index) => Effect.sync(() => this.#choice.giveBack(index))
    )
  }

  describeVocabulary(vocabulary: Vocabulary): void {
    for (const lane of this.#lanes) lane.describeVocabulary(vocabulary)
  }

  command<K extends CommandName>(
    command: K,
    payload: Commands[K]["payload"]
  ): Effect.Effect<Commands[K]["reply"], string> {
    return this.#handlers[command](payload)
  }

  // sends every lane its payload in one go, so that all of them have the same commands in the same
  // order, and none has one that the others have not
  #together<K extends CommandName>(
    command: K,
    payloadOf: (lane: number) => Commands[K]["payload"]
  ): Effect.Effect<ReadonlyArray<Commands[K]["reply"]>, string> {
    return Effect.callback((resume) => {
      const replies = new Map<number, Commands[K]["reply"]>()
      const withdrawals = this.#lanes.map((lane, index) =>
        lane.send(command, payloadOf(index), [], (result) => {
          if (Result.isFailure(result)) return resume(Effect.fail(result.failure))
          replies.set(index, result.success)
          if (replies.size < this.#lanes.length) return undefined
          const inOrder = [...replies].toSorted(([a], [b]) => a - b)
          return resume(Effect.succeed(inOrder.map(([, reply]) => reply)))
        })
      )
      return Effect.sync(() => {
        for (const withdraw of withdrawals) withdraw()
      })
    })
  }

  // where all answer the same
  #sameOf<K extends CommandName>(
    command: K,
    payloadOf: (lane: number) => Commands[K]["payload"]
  ): Effect.Effect<Commands[K]["reply"], string> {
    return Effect.flatMap(this.#together(command, payloadOf), ([reply]) =>
      reply === undefined ? noReply : Effect.succeed(reply)
    )
  }

  #forward(data: PackedData): Effect.Effect<Float32Array, string> {
    const parts = dataParts(data, this.#lanes.length)
    return Effect.map(
      this.#together("forward", (lane) => partAt(parts, lane).data),
      (replies) => placed(parts, replies, data.weights.length)
    )
  }

  #forwardBackward({
    data,
    objective,
    scale
  }: Commands["forwardBackward"]["payload"]): Effect.Effect<
    Commands["forwardBackward"]["reply"],
    string
  > {
    const parts = dataParts(data, this.#lanes.length)
    return Effect.map(
      this.#together("forwardBackward", (lane) => ({
        data: partAt(parts, lane).data,
        objective,
        scale
      })),
      (replies) => ({
        loss: replies.reduce((sum, { loss }) => sum + loss, 0),
        logprobs: placed(
          parts,
          replies.map(({ logprobs }) => logprobs),
          data.weights.length
        )
      })
    )
  }

  #policyGradient({
    data,
    policy
  }: Commands["policyGradient"]["payload"]): Effect.Effect<
    Commands["policyGradient"]["reply"],
    string
  > {
    const parts = dataParts(data, this.#lanes.length)
    return Effect.map(
      this.#together("policyGradient", (lane) => {
        const { data: own, pick } = partAt(parts, lane)
        return { data: own, policy: { ...policy, targets: pickedTargets(policy, pick) } }
      }),
      (replies) => {
        const entropies = replies.flatMap((reply) => reply.entropies ?? [])
        return {
          logprobs: placed(
            parts,
            replies.map(({ logprobs }) => logprobs),
            data.weights.length
          ),
          entropies:
            entropies.length === 0 ? undefined : placed(parts, entropies, data.weights.length)
        }
      }
    )
  }

  #state(): Effect.Effect<TrainerState, string> {
    return Effect.map(
      this.#together("exportState", () => null),
      (states) => {
        const { passes = 0, optimiser: { steps } = { steps: 0 } } = states[0] ?? {}
        const whole = (kind: "first" | "second") => {
          if (steps === 0) return []
          const arrays = this.#lengths.map((length) => new Float32Array(length))
          for (const [lane, { optimiser }] of states.entries()) {
            for (const [index, view] of viewsOf(this.#shards[lane] ?? [], arrays).entries()) {
              view.set(optimiser[kind][index] ?? view)
            }
          }
          return arrays
        }
        return { optimiser: { steps, first: whole("first"), second: whole("second") }, passes }
      }
    )
  }

  #shardOfState({ optimiser, passes }: TrainerState, lane: number): TrainerState {
    const pieces = optimiser.steps === 0 ? [] : (this.#shards[lane] ?? [])
    const own = (kind: "first" | "second") =>
      viewsOf(pieces, optimiser[kind]).map((view) => view.slice())
    return { optimiser: { ...optimiser, first: own("first"), second: own("second") }, passes }
  }

  #gradient(): Effect.Effect<ReadonlyArray<Float32Array>, string> {
    return Effect.map(
      this.#together("exportGradient", () => null),
      ([first = [], ...others]) => {
        for (const other of others) addArrays(first, other)
        return first
      }
    )
  }
}

const noReply = Effect.die(new Error("an engine has at least one lane"))

const partAt = (parts: ReadonlyArray<DataPart>, lane: number): DataPart => {
  const part = parts[lane]
  if (part === undefined) throw new Error(`there is no part for lane ${lane}`)
  return part
}

const pickedTargets = (
  { targets }: PackedPolicy,
  pick: DataPart["pick"]
): PackedPolicy["targets"] => ({
  coefficients: pick(targets.coefficients),
  advantages: pick(targets.advantages),
  ...(targets.anchor && { anchor: pick(targets.anchor) }),
  ...(targets.floor && { floor: pick(targets.floor) }),
  ...(targets.compared && { compared: pick(targets.compared) }),
  ...(targets.klCoefficients && { klCoefficients: pick(targets.klCoefficients) }),
  ...(targets.entropyCoefficients && { entropyCoefficients: pick(targets.entropyCoefficients) })
})

// results of the parts, one per target, as those of all data
const placed = (
  parts: ReadonlyArray<DataPart>,
  results: ReadonlyArray<Float32Array>,
  targets: number
): Float32Array => {
  const all = new Float32Array(targets)
  for (const [lane, part] of parts.entries()) part.place(results[lane] ?? all, all)
  return all
}

const trainedArrays = ({ adapter, weights }: WorkerSetup): ReadonlyArray<Float32Array> =>
  adapter === undefined ? weights : adapter.matrices

const copyOf = (setup: WorkerSetup): WorkerSetup => ({
  ...setup,
  weights: setup.weights.map((array) => array.slice()),
  adapter: setup.adapter && {
    ...setup.adapter,
    matrices: setup.adapter.matrices.map((matrix) => matrix.slice())
  }
})
