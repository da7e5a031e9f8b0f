/** One run's folder, as its parts. */
import type * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"

import type { JsonLines } from "./JsonLines.ts"
import type { RunId } from "./RunId.ts"
import type { EpisodeLine, MetricsLine } from "./RunLines.ts"
import type { RunStoreError } from "./RunStoreError.ts"

/** Where the parts of a run lie; absolute paths. */
export interface RunPaths {
  readonly directory: string
  readonly config: string
  readonly metrics: string
  readonly episodes: string
  readonly checkpoints: string
  readonly report: string
  readonly final: string
}

/** A finished checkpoint: the step after which it was taken, and its folder. */
export interface CheckpointEntry {
  readonly step: number
  readonly directory: string
}

/** Bytes of `metrics.jsonl` and of `episodes.jsonl`. */
export interface LineLengths {
  readonly metrics: number
  readonly episodes: number
}

/**
 * An open run. Lines are appended whole; folders and files appear under their names only when they
 * are complete, so that a reader never sees half of one.
 */
export interface Run {
  readonly id: RunId
  readonly paths: RunPaths
  /** Appends one line to `metrics.jsonl`. */
  readonly appendMetrics: (line: MetricsLine) => Effect.Effect<void, RunStoreError>
  /** Appends lines to `episodes.jsonl`, in one write. */
  readonly appendEpisodes: (lines: ReadonlyArray<EpisodeLine>) => Effect.Effect<void, RunStoreError>
  readonly readConfig: <A, I>(schema: Schema.Codec<A, I>) => Effect.Effect<A, RunStoreError>
  readonly readMetrics: Effect.Effect<JsonLines<MetricsLine>, RunStoreError>
  readonly readEpisodes: Effect.Effect<JsonLines<EpisodeLine>, RunStoreError>
  /**
   * Fills `checkpoints/step-NNNNNN` with `write`, which gets a folder beside it; the folder takes its
   * name when `write` has succeeded and everything, with a list of checksums, is on the disk. Gives the
   * finished folder.
   */
  readonly saveCheckpoint: <E, R>(
    step: number,
    write: (directory: string) => Effect.Effect<void, E, R>
  ) => Effect.Effect<string, E | RunStoreError, R>
  /** The same for `final/`. */
  readonly saveFinal: <E, R>(
    write: (directory: string) => Effect.Effect<void, E, R>
  ) => Effect.Effect<string, E | RunStoreError, R>
  /** The finished checkpoints, oldest first. */
  readonly checkpoints: Effect.Effect<ReadonlyArray<CheckpointEntry>, RunStoreError>
  /** What is wrong with a checkpoint by its checksums, such as `model.safetensors is missing`. */
  readonly checkpointFault: (
    checkpoint: CheckpointEntry
  ) => Effect.Effect<string | undefined, RunStoreError>
  /** Removes a checkpoint; a crash leaves it whole or takes it whole. */
  readonly removeCheckpoint: (checkpoint: CheckpointEntry) => Effect.Effect<void, RunStoreError>
  /** Hands the lines to the disk and gives the lengths of their files. */
  readonly settleLines: Effect.Effect<LineLengths, RunStoreError>
  /**
   * Forgets what was written after `settleLines` gave these lengths, lines that a crash tore and what
   * it left of unfinished folders. Fails as `damaged` where there is less than there was.
   */
  readonly cutBack: (lengths: LineLengths) => Effect.Effect<void, RunStoreError>
  /** Replaces a file of the run, such as `report.html`, in one move. Gives its path. */
  readonly writeFile: (name: string, text: string) => Effect.Effect<string, RunStoreError>
}
