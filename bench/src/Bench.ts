/** A benchmark that can be asked for by name. */
import type * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import type * as Path from "effect/Path"
import type { ChildProcessSpawner } from "effect/process/ChildProcessSpawner"
import type * as Scope from "effect/Scope"

import type { BenchError } from "./BenchError.ts"
import type { Row } from "./Row.ts"

/**
 * - `python`: the interpreter that has the peers' packages; without one they are not measured.
 * - `quick`: tiny sizes and one repetition, to see that everything runs.
 * - `peak`: the machine's own f32 matrix-multiply peak in FLOP/s.
 */
export interface Setting {
  readonly python: string | undefined
  readonly threads: number
  readonly quick: boolean
  readonly peak: number | undefined
}

/** What the program gives to every benchmark. */
export type BenchServices = ChildProcessSpawner | FileSystem.FileSystem | Path.Path | Scope.Scope

/** `seconds` is about how long it takes with peers, for the time left. */
export interface Bench {
  readonly name: string
  readonly seconds: number
  readonly run: (setting: Setting) => Effect.Effect<ReadonlyArray<Row>, BenchError, BenchServices>
}
