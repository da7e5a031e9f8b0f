/** The work whose memory is measured, as data that a process of its own is given. */
import * as Schema from "effect/Schema"

/**
 * - `kind`: sampling, or one training step with the loss on every target, of all weights or of an adapter.
 * - `checkpoint`: a folder or a GGUF file.
 * - `tokens`: those of each whole sequence.
 */
export const MemoryWork = Schema.Struct({
  kind: Schema.Literals(["sample", "train", "lora"]),
  checkpoint: Schema.String,
  threads: Schema.Int,
  sequences: Schema.Int,
  tokens: Schema.Int
})
export type MemoryWork = typeof MemoryWork.Type

/** Resident peak in bytes. */
export const MemoryAnswer = Schema.Struct({ peak: Schema.Finite })
