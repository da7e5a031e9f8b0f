/** The work whose memory is measured, as data that a process of its own is given. */
import * as Schema from "effect/Schema"

/**
 * - `kind`: sampling, or one training step of all weights with the loss on every target.
 * - `checkpoint`: a folder or a GGUF file.
 * - `tokens`: those of each whole sequence.
 */
export const MemoryWork = Schema.Struct({
  kind: Schema.Literals(["sample", "train"]),
  checkpoint: Schema.String,
  threads: Schema.Int,
  sequences: Schema.Int,
  tokens: Schema.Int
})
export type MemoryWork = typeof MemoryWork.Type

/** Resident peak in bytes. */
export const MemoryAnswer = Schema.Struct({ peak: Schema.Finite })
