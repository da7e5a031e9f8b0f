/** `pnpm bench`. */
import { defaultThreads, flushDenormals } from "@sml/policy-onnx"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

import { benches } from "./benches.ts"
import { keepReport, reportOf, writeReport } from "./keepReport.ts"
import { runBenches } from "./runBenches.ts"
import { selectBenches } from "./selectBenches.ts"

const flags = {
  only: Flag.String("only").pipe(
    Flag.withDescription(
      `benchmarks to run, separated by commas: ${benches.map(({ name }) => name).join(", ")}, or a part before the slash (default all)`
    ),
    Flag.optional
  ),
  python: Flag.String("python").pipe(
    Flag.withDescription(
      "Python with the packages of bench/peers/requirements.txt; without it the peers are not measured"
    ),
    Flag.optional
  ),
  threads: Flag.Int("threads").pipe(
    Flag.withDescription("threads of either side (default one per core, at most 8)"),
    Flag.withDefault(defaultThreads())
  ),
  quick: Flag.Boolean("quick").pipe(
    Flag.withDescription("tiny sizes and one repetition, to see that everything runs"),
    Flag.withDefault(false)
  ),
  json: Flag.String("json").pipe(
    Flag.withDescription(
      "file for the numbers; docs/benchmarks.md and docs/results/engine.json are then left as they are"
    ),
    Flag.optional
  )
}

export const benchCommand = Command.make(
  "bench",
  flags,
  Effect.fn("bench.command")(
    function* ({ json, only, python, quick, threads }) {
      const names = Option.match(only, {
        onNone: () => [],
        onSome: (text) => text.split(",").filter((name) => name !== "")
      })
      const chosen = yield* Effect.fromResult(selectBenches(benches, names))
      // as the trainer does; before any session of onnxruntime
      yield* flushDenormals
      const rows = yield* runBenches(chosen, {
        python: Option.getOrUndefined(python),
        threads,
        quick
      })
      const report = yield* reportOf(rows, threads)
      if (Option.isSome(json)) yield* writeReport(report, json.value)
      // tiny sizes say nothing about speed
      else if (!quick) yield* Console.error(`written: ${yield* keepReport(report)}`)
    },
    Effect.tapError((error) => Console.error(error.message))
  )
).pipe(
  Command.withDescription(
    "Measure the engine beside PyTorch, transformers and TRL, and write docs/benchmarks.md."
  )
)
