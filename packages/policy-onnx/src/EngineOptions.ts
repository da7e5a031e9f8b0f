/** Sizes of an engine that trade memory for speed. None of them changes a sampled token. */
export interface EngineOptions {
  /** Threads of onnxruntime; unless given, one per core, at most 8. */
  readonly threads?: number
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
