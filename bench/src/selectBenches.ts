/** Which benchmarks were asked for. */
import * as Result from "effect/Result"

import type { Bench } from "./Bench.ts"
import { BenchError } from "./BenchError.ts"

const matches = (bench: Bench, name: string): boolean =>
  bench.name === name || bench.name.startsWith(`${name}/`)

/**
 * Those with one of the names, or below it: `train` stands for `train/nano` and the others. The peak
 * of the machine is added where a share of it is shown.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { benches } from "@sml/bench/benches"
 * import { selectBenches } from "@sml/bench/selectBenches"
 * import { Result } from "effect"
 *
 * const chosen = Result.getOrThrow(selectBenches(benches, ["train/nano"]))
 * assert.deepEqual(chosen.map(({ name }) => name), ["matmul", "train/nano"])
 * ```
 */
export const selectBenches = (
  all: ReadonlyArray<Bench>,
  names: ReadonlyArray<string>
): Result.Result<ReadonlyArray<Bench>, BenchError> => {
  if (names.length === 0) return Result.succeed(all)
  const unknown = names.find((name) => !all.some((bench) => matches(bench, name)))
  if (unknown !== undefined) {
    const known = all.map(({ name }) => name).join(", ")
    return Result.fail(
      new BenchError({ reason: `there is no benchmark "${unknown}"; choose among ${known}` })
    )
  }
  const wanted = all.filter((bench) => names.some((name) => matches(bench, name)))
  const needsPeak = wanted.some(({ name }) => name.startsWith("train/"))
  return Result.succeed(
    all.filter((bench) => wanted.includes(bench) || (needsPeak && bench.name === "matmul"))
  )
}
