/**
 * Trains with several seeds and writes `docs/results/learning.{json,md}` and `learning-curve.svg`:
 * `pnpm bench:learning`. About four minutes a seed.
 */
import { fileURLToPath } from "node:url"

// not the whole of it, which loads an HTTP client and more
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { learningCurveSvg } from "@sml/eval-harness/learningCurveSvg"
import type { MetricsLine } from "@sml/run-store"
import { RunStore } from "@sml/run-store"
import * as CliOutput from "effect/cli/CliOutput"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import * as Struct from "effect/Struct"

import type { LearningBenchmark, SeedResult } from "./LearningBenchmark.ts"
import { learningClaims } from "./learningClaims.ts"
import { machineFacts } from "./machineFacts.ts"
import { renderBenchmark } from "./renderBenchmark.ts"
import { Reported, reported } from "./reported.ts"
import { runSeed } from "./runSeed.ts"
import { Screen } from "./Screen.ts"
import { defaultTrainOptions } from "./TrainOptions.ts"
import { usagePresenter } from "./usagePresenter.ts"
import { version } from "./version.ts"

const resultsFolder = fileURLToPath(new URL("../../../docs/results", import.meta.url))

/** The runs of the benchmark, apart from those that people start. */
const runs = fileURLToPath(new URL("../../../.sml/bench", import.meta.url))

/** The numbers of a line of metrics. */
const numbersOf = (line: MetricsLine): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.entries(line).flatMap(([name, value]) =>
      typeof value === "number" ? [[name, value] as const] : []
    )
  )

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
    checkpoint: Flag.String("checkpoint").pipe(
      Flag.withDescription("student to start from (default the embedded student)"),
      Flag.optional
    ),
    out: Flag.String("out").pipe(
      Flag.withDescription("folder for the results"),
      Flag.withDefault(resultsFolder)
    )
  },
  Effect.fn("bench.learning")(function* ({ checkpoint, out, seeds, steps }) {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    yield* fs.makeDirectory(out, { recursive: true })
    const finished: Array<SeedResult> = []
    const more = [
      "--steps",
      `${steps}`,
      ...(Option.isSome(checkpoint) ? ["--checkpoint", path.resolve(checkpoint.value)] : [])
    ]
    for (let seed = 1; seed <= seeds; seed++) {
      const { memory, results, steps: lines } = yield* runSeed(seed, runs, more)
      const claims = learningClaims(results, memory)
      finished.push({ seed, results, claims, memory })
      for (const { claim, holds, needed, value } of claims) {
        yield* Console.log(
          `seed ${seed}: ${holds ? "holds" : "FAILS"}  ${claim}: ${value} (${needed})`
        )
      }
      if (seed === 1) {
        const svg = learningCurveSvg(lines.map(numbersOf))
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
    Layer.mergeAll(
      RunStore.layer.pipe(Layer.provideMerge(NodeServices.layer)),
      Screen.layer,
      CliOutput.layerPresenter(usagePresenter)
    )
  ),
  (program) => NodeRuntime.runMain(program)
)
