/** What the main thread and the engine's worker say to each other. */
import type { ModelConfig } from "@sml/language-model"
import type {
  AdamW,
  CompletionStop,
  Objective,
  PolicyOptimisation,
  SamplingSettings,
  StepResult
} from "@sml/policy"

import type { AdamWOptimiserState } from "../AdamWOptimiser.ts"
import type { AdapterShape } from "../adapterInputs.ts"
import type { Device } from "../Device.ts"
import type { PolicyLoss } from "../PolicyLoss.ts"

/** A learner's data, end to end in flat arrays: `lengths` counts tokens; `weights`, `advantages` and
 * `sampled` have one entry less per sequence than `tokens`. */
export interface PackedData {
  readonly lengths: Int32Array
  readonly tokens: Int32Array
  readonly weights: Float32Array
  readonly advantages: Float32Array | undefined
  readonly sampled: Float32Array | undefined
}

/** What of a policy objective is known beforehand; arrays have one entry a target, in the data's order.
 * See `policyLoss` for what they are. */
export interface PackedPolicy {
  readonly loss: PolicyLoss
  readonly low: number
  readonly high: number
  readonly targets: {
    readonly coefficients: Float32Array
    readonly advantages: Float32Array
    readonly anchor?: Float32Array
    readonly floor?: Float32Array
    readonly compared?: Float32Array
    readonly klCoefficients?: Float32Array
    readonly entropyCoefficients?: Float32Array
  }
}

/** The optimiser's state, and the number of gradients computed, which seeds the next one's dropout. */
export interface TrainerState {
  readonly optimiser: AdamWOptimiserState
  readonly passes: number
}

/** The commands that a learner's caller waits for, in the order in which they were sent. */
export interface Commands {
  readonly forward: { readonly payload: PackedData; readonly reply: Float32Array }
  readonly forwardBackward: {
    readonly payload: {
      readonly data: PackedData
      readonly objective: Exclude<Objective, PolicyOptimisation>
      /** What every weight is multiplied with. */
      readonly scale: number
    }
    readonly reply: { readonly loss: number; readonly logprobs: Float32Array }
  }
  /** As `forwardBackward`; its caller knows the loss from the log-probabilities and entropies. */
  readonly policyGradient: {
    readonly payload: { readonly data: PackedData; readonly policy: PackedPolicy }
    readonly reply: {
      readonly logprobs: Float32Array
      readonly entropies: Float32Array | undefined
    }
  }
  readonly step: { readonly payload: AdamW; readonly reply: StepResult }
  /** The weights, an adapter merged into them, in the order of `tensorShapes`. */
  readonly exportWeights: { readonly payload: null; readonly reply: ReadonlyArray<Float32Array> }
  /** What is trained: the weights, or the matrices of the adapter. */
  readonly exportTrained: { readonly payload: null; readonly reply: ReadonlyArray<Float32Array> }
  /** The accumulated gradient of what is trained; zeros when there is none. */
  readonly exportGradient: { readonly payload: null; readonly reply: ReadonlyArray<Float32Array> }
  /** What later steps depend on besides what is trained. */
  readonly exportState: { readonly payload: null; readonly reply: TrainerState }
  /** Goes on from such a state. */
  readonly importState: { readonly payload: TrainerState; readonly reply: null }
  /** Replaces what is trained and forgets the optimiser's state. */
  readonly importTrained: { readonly payload: ReadonlyArray<Float32Array>; readonly reply: null }
}

export type CommandName = keyof Commands

/** Commands after which earlier keys, values and logits are stale. */
export const changesWeights = (command: CommandName): boolean =>
  command === "step" || command === "importTrained"

/** Commands that add to the gradient, and only when they succeed. */
export const addsGradient = (command: CommandName): boolean =>
  command === "forwardBackward" || command === "policyGradient"

/** Commands that every lane of an engine carries out, or none. */
export const isForAllLanes = (command: CommandName): boolean =>
  changesWeights(command) || addsGradient(command) || command === "importState"

/** One request of a {@link GenerateMessage}; its prompt is `length` ids of the message's tokens. */
export interface RequestHeader {
  readonly id: number
  readonly length: number
  /** Ids to sample at most; the prompt and they fit into the context. */
  readonly limit: number
  readonly sampling: SamplingSettings
  readonly stop: ReadonlyArray<number>
  /** Needs a {@link VocabularyMessage} before. */
  readonly stopStrings: ReadonlyArray<string>
  readonly seed: number
  readonly cacheKey: string | undefined
  /** Whether the ids are wanted while they are sampled, in {@link SampledMessage}s. */
  readonly listens: boolean
}

/** Requests that were made in the same moment, with their prompts end to end. */
interface GenerateMessage {
  readonly tag: "generate"
  readonly requests: ReadonlyArray<RequestHeader>
  readonly tokens: Int32Array
}

export type CommandMessage<C extends CommandName = CommandName> = {
  readonly [K in C]: {
    readonly tag: "command"
    readonly id: number
    readonly command: K
    readonly payload: Commands[K]["payload"]
  }
}[C]

/** The bytes that each id adds to a text, end to end; those of `id` end at `ends[id]`. */
export interface Vocabulary {
  readonly bytes: Uint8Array
  readonly ends: Int32Array
}

/** What stop strings are looked for in. */
interface VocabularyMessage {
  readonly tag: "vocabulary"
  readonly vocabulary: Vocabulary
}

/** Withdraws requests or commands; what is unknown or finished is ignored. */
interface CancelMessage {
  readonly tag: "cancel"
  readonly id: number
}

/** Ends the thread as soon as it hears of it, which is between two runs of onnxruntime. */
interface CloseMessage {
  readonly tag: "close"
}

export type ToWorker =
  | GenerateMessage
  | CommandMessage
  | VocabularyMessage
  | CancelMessage
  | CloseMessage

/** One completion of a {@link CompletionsMessage}: `count` ids of the message's arrays. */
export interface CompletionHeader {
  readonly id: number
  readonly count: number
  readonly stop: CompletionStop
}

/** New ids of requests that listen: `counts[i]` of the message's arrays are those of `requests[i]`. */
export interface SampledMessage {
  readonly tag: "sampled"
  readonly requests: ReadonlyArray<number>
  readonly counts: ReadonlyArray<number>
  readonly ids: Int32Array
  readonly rawLogprobs: Float32Array
}

export interface CompletionsMessage {
  readonly tag: "completions"
  readonly completions: ReadonlyArray<CompletionHeader>
  readonly ids: Int32Array
  readonly logprobs: Float32Array
  readonly rawLogprobs: Float32Array
  readonly counters: Counters
}

/** The requests fail; `reason` is a whole sentence. */
interface RequestsFailedMessage {
  readonly tag: "requestsFailed"
  readonly ids: ReadonlyArray<number>
  readonly reason: string
}

export type ReplyMessage<C extends CommandName = CommandName> = {
  readonly [K in C]: {
    readonly tag: "reply"
    readonly id: number
    readonly command: K
    readonly reply: Commands[K]["reply"]
    readonly counters: Counters
  }
}[C]

interface CommandFailedMessage {
  readonly tag: "commandFailed"
  readonly id: number
  readonly reason: string
}

interface ReadyMessage {
  readonly tag: "ready"
}

export type FromWorker =
  | SampledMessage
  | CompletionsMessage
  | RequestsFailedMessage
  | ReplyMessage
  | CommandFailedMessage
  | ReadyMessage

/** What the engine has done since it started: numbers of tokens, and seconds of its thread. */
export interface Counters {
  readonly sampledTokens: number
  readonly prefilledTokens: number
  readonly reusedTokens: number
  readonly trainedTokens: number
  readonly prefillSeconds: number
  readonly decodeSeconds: number
  readonly forwardSeconds: number
  readonly forwardBackwardSeconds: number
  readonly stepSeconds: number
}

/** An adapter that is trained in place of the weights. */
export interface AdapterSetup {
  readonly shape: AdapterShape
  /** `A` and `B` of each module, in the order of the modules. */
  readonly matrices: ReadonlyArray<Float32Array>
}

/** What the worker is started with. */
export interface WorkerSetup {
  readonly config: ModelConfig
  /** In the order of `tensorShapes`. */
  readonly weights: ReadonlyArray<Float32Array>
  readonly adapter: AdapterSetup | undefined
  readonly settings: EngineSettings
  /** Unless the engine is one thread of TypeScript alone. */
  readonly lane?: LaneSetup
}

/** One of an engine's lanes, and what they share; see `Rendezvous` and `ShardExchange`. */
interface LaneSetup {
  readonly index: number
  readonly meetings: SharedArrayBuffer
  readonly shards: SharedArrayBuffer
}

/** Where it computes, and sizes that trade memory for speed; these change no result. */
export interface EngineSettings {
  readonly device: Device
  readonly threads: number
  readonly maxRows: number
  readonly cacheBytes: number
  readonly microBatchTokens: number
  readonly activationBytes: number
}
