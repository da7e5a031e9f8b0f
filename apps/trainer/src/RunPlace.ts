/** Where a run lies: in a new folder, or in one that it has been in before. */
import type { RunStart } from "./StoredRun.ts"

/**
 * - `New`: in `directory`, or in a folder with the name of its id among the others;
 * - `Resumed`: in the folder that it had, on as many threads.
 *
 * `start` is what is stored beside the settings.
 */
export type RunPlace =
  | {
      readonly _tag: "New"
      readonly directory: string | undefined
      readonly start: RunStart
    }
  | { readonly _tag: "Resumed"; readonly directory: string; readonly start: RunStart }
