/** The work whose memory is measured, as data that a process of its own is given. */
import * as Schema from "effect/Schema"

/** `checkpoint` is a folder or a GGUF file; `tokens` are those of each whole stream. */
export const MemoryWork = Schema.Struct({
  kind: Schema.Literals(["sample"]),
  checkpoint: Schema.String,
  threads: Schema.Int,
  dialogues: Schema.Int,
  tokens: Schema.Int
})
export type MemoryWork = typeof MemoryWork.Type

/** Resident peak in bytes. */
export const MemoryAnswer = Schema.Struct({ peak: Schema.Finite })
