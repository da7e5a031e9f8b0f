/** What an engine is started with. */
import type { Device } from "./Device.ts"

/** Where an engine computes, and sizes that trade memory for speed; these change no sampled token. */
export interface EngineOptions {
  /**
   * What computes, `cpu` unless given. A device that cannot be used is an `EngineError`, never
   * replaced: the engine only starts after {@link checkDevice} has succeeded, and a graph whose
   * provider cannot be created fails. Not checked is which parts of the model's graphs run there:
   * onnxruntime itself puts the arithmetic of shapes, and operators that the provider has not, on the
   * processor. That `who else is in the batch does not matter` is tested on `cpu` only.
   */
  readonly device?: Device
  /** Threads of onnxruntime; unless given, one per core, at most 8. */
  readonly threads?: number
  /**
   * Workers among which the threads and the work are shared out, each with the weights in its own
   * memory; unless given, {@link laneCount}. The number changes no sampled token, and a gradient in its
   * last digits only, or in what an adapter drops.
   */
  readonly lanes?: number
  /** Streams that are decoded together, 512 unless given; more of them wait. */
  readonly maxRows?: number
  /** Bound on the keys and values of dialogues between their turns, in megabytes; 256 unless given. */
  readonly cacheMegabytes?: number
  /** Tokens per forward and backward pass at most, 4096 unless given. */
  readonly microBatchTokens?: number
  /**
   * Bound on what a forward pass keeps for its backward pass, in megabytes; 2048 unless
   * given, or a quarter of the machine's memory where that is less. Micro-batches are cut so that `activationBytes` stays within it; one sequence always runs.
   */
  readonly activationMegabytes?: number
}
