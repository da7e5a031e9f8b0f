/** Sizes of an engine that trade memory for speed. None of them changes a sampled token. */
export interface EngineOptions {
  /** Threads of onnxruntime; unless given, one per core, at most 8. */
  readonly threads?: number
  /** Streams that are decoded together, 512 unless given; more of them wait. */
  readonly maxRows?: number
  /** Bound on the keys and values of dialogues between their turns, in megabytes; 256 unless given. */
  readonly cacheMegabytes?: number
  /** Tokens per forward and backward pass, 4096 unless given; memory grows with it. */
  readonly microBatchTokens?: number
}
