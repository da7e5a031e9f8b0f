/** What the folder of the cells remembers of a call of the command. */
import * as Schema from "effect/Schema"

/**
 * - `command`: as typed; `date`: of its end; `machine`: where;
 * - `seconds`: wall time; `finished`: cells that it finished; `jobs`, `threads`: how.
 */
export const PastRun = Schema.Struct({
  command: Schema.String,
  date: Schema.String,
  machine: Schema.String,
  seconds: Schema.Finite,
  finished: Schema.Int,
  jobs: Schema.Int,
  threads: Schema.Int
})
export type PastRun = typeof PastRun.Type
