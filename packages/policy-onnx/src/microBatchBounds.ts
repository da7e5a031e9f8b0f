import { totalmem } from "node:os"

/** The bounds on micro-batches that an engine's options ask for. */
import type { EngineOptions } from "./EngineOptions.ts"
import type { MicroBatchBounds } from "./MicroBatch.ts"

/**
 * What bounds the micro-batches of an engine with these options on this machine: 4096 tokens, and
 * activations of 2048 MB or a quarter of the memory, whichever is less, unless the options say; of
 * which each of its lanes has a share.
 *
 * @example
 * ```ts no-run
 * const { activationBytes, tokens } = microBatchBounds({ microBatchTokens: 2048 })
 * ```
 */
export const microBatchBounds = (
  {
    activationMegabytes,
    microBatchTokens
  }: Pick<EngineOptions, "microBatchTokens" | "activationMegabytes">,
  lanes = 1
): MicroBatchBounds => ({
  tokens: Math.ceil((microBatchTokens ?? 4096) / lanes),
  activationBytes: Math.ceil(
    (activationMegabytes === undefined
      ? Math.min(2 ** 31, totalmem() / 4)
      : activationMegabytes * 2 ** 20) / lanes
  )
})
