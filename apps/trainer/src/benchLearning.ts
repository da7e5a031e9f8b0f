/**
 * Trains with several seeds and writes `docs/results/learning.{json,md}` and `learning-curve.svg`:
 * `pnpm bench:learning`. About four minutes a seed.
 */
import { fileURLToPath } from "node:url"

// not the whole of it, which loads an HTTP client and more
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { learningCurveSvg } from "@sml/eval-harness/learningCurveSvg"
import * as CliOutput from "effect/cli/CliOutput"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Path from "effect/Path"
import * as Struct from "effect/Struct"

import type { LearningBenchmark, SeedResult } from "./LearningBenchmark.ts"
import { learningClaims } from "./learningClaims.ts"
import { machineFacts, peakMemory } from "./machineFacts.ts"
import { Progress } from "./Progress.ts"
import { renderBenchmark } from "./renderBenchmark.ts"
import { Reported, reported } from "./reported.ts"
import { runTraining } from "./runTraining.ts"
import { Screen } from "./Screen.ts"
import { stepMetrics } from "./StepRecord.ts"
import { defaultTrainOptions } from "./TrainOptions.ts"
import { usagePresenter } from "./usagePresenter.ts"
import { version } from "./version.ts"

const resultsFolder = fileURLToPath(new URL("../../../docs/results", import.meta.url))

const benchCommand = Command.make(
  "bench:learning",
  {
    seeds: Flag.Int("seeds").pipe(
      Flag.withDescription("number of training seeds, from 1 up"),
      Flag.withDefault(3)
    ),
    steps: Flag.Int("steps").pipe(
      Flag.withDescription("updates of the weights per seed"),
      Flag.withDefault(defaultTrainOptions.steps)
    ),
    out: Flag.String("out").pipe(
      Flag.withDescription("folder for the results"),
      Flag.withDefault(resultsFolder)
    )
  },
  Effect.fn("bench.learning")(function* ({ out, seeds, steps }) {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    yield* fs.makeDirectory(out, { recursive: true })
    const finished: Array<SeedResult> = []
    for (let seed = 1; seed <= seeds; seed++) {
      const { result } = yield* runTraining({ ...defaultTrainOptions, steps, seed }, {}).pipe(
        Effect.provide(Progress.layer)
      )
      const memory = peakMemory()
      const claims = learningClaims(result.results, memory)
      finished.push({ seed, results: result.results, claims, memory })
      for (const { claim, holds, needed, value } of claims) {
        yield* Console.log(
          `seed ${seed}: ${holds ? "holds" : "FAILS"}  ${claim}: ${value} (${needed})`
        )
      }
      if (seed === 1) {
        const svg = learningCurveSvg(result.steps.map(stepMetrics))
        yield* fs.writeFileString(path.join(out, "learning-curve.svg"), svg)
      }
      // written after every seed: an interruption loses none that is finished
      const benchmark: LearningBenchmark = {
        ...Struct.pick(machineFacts(), ["machine", "node"]),
        config: { ...defaultTrainOptions, steps },
        seeds: finished
      }
      yield* fs.writeFileString(
        path.join(out, "learning.json"),
        `${JSON.stringify(benchmark, null, 2)}\n`
      )
      yield* fs.writeFileString(path.join(out, "learning.md"), renderBenchmark(benchmark))
    }
    yield* Console.log(`results: ${out}`)
    const holds = finished.every(({ claims }) => claims.every((claim) => claim.holds))
    if (!holds) return yield* new Reported({ exitCode: 1 })
    return undefined
  }, reported)
).pipe(Command.withDescription("Check the claims about learning with several training seeds."))

Command.run(benchCommand, { version }).pipe(
  Effect.provide(
    Layer.mergeAll(NodeServices.layer, Screen.layer, CliOutput.layerPresenter(usagePresenter))
  ),
  (program) => NodeRuntime.runMain(program)
)
