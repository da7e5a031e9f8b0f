/** The most memory that the engine takes with a real model. */
import { fileURLToPath } from "node:url"

import * as Effect from "effect/Effect"
import * as ChildProcess from "effect/process/ChildProcess"
import { ChildProcessSpawner } from "effect/process/ChildProcessSpawner"
import * as Schema from "effect/Schema"

import type { Bench, Setting } from "./Bench.ts"
import { BenchError } from "./BenchError.ts"
import { asBenchError } from "./engine.ts"
import { summarise } from "./Measurement.ts"
import { MemoryAnswer, type MemoryWork } from "./memoryWork.ts"
import { provideModel } from "./models.ts"
import type { Row } from "./Row.ts"
import { smolLm2File } from "./smolLm2.ts"

interface MemoryCase {
  readonly name: string
  readonly title: string
  readonly work: Pick<MemoryWork, "kind" | "sequences" | "tokens">
  /** In gigabytes, 10⁹ bytes; absent where none is asked for. */
  readonly limit?: number
  readonly seconds: number
}

const cases: ReadonlyArray<MemoryCase> = [
  {
    name: "memory/sample",
    title: "SmolLM2-135M, sampling 16 dialogues × 512 tokens",
    work: { kind: "sample", sequences: 16, tokens: 512 },
    limit: 3,
    seconds: 60
  },
  {
    name: "memory/lora",
    title: "SmolLM2-135M, a LoRA training step (rank 8, all linear layers), 4 × 512 tokens",
    work: { kind: "lora", sequences: 4, tokens: 512 },
    limit: 10,
    seconds: 30
  },
  {
    name: "memory/train",
    title: "SmolLM2-135M, a training step of all weights, 4 × 512 tokens",
    work: { kind: "train", sequences: 4, tokens: 512 },
    seconds: 30
  }
]

const program = fileURLToPath(new URL("measureMemory.ts", import.meta.url))
const decodeAnswer = Schema.decodeUnknownEffect(Schema.fromJsonString(MemoryAnswer))

const runCase = Effect.fnUntraced(function* (memory: MemoryCase, setting: Setting) {
  const checkpoint = setting.quick
    ? (yield* provideModel("tiny", setting)).folder
    : yield* smolLm2File()
  const work: MemoryWork = {
    ...memory.work,
    ...(setting.quick && { sequences: 2, tokens: 40 }),
    checkpoint,
    threads: setting.threads
  }
  const spawner = yield* ChildProcessSpawner
  const output = yield* spawner
    .string(ChildProcess.make(process.execPath, [program, JSON.stringify(work)]), {
      includeStderr: true
    })
    .pipe(
      Effect.timeoutOrElse({
        duration: "10 minutes",
        orElse: () => new BenchError({ reason: "the process did not end in 10 minutes" })
      })
    )
  const { peak } = yield* decodeAnswer(output.trim().split("\n").at(-1)).pipe(
    Effect.mapError(
      () => new BenchError({ reason: `the process failed: ${output.trim().slice(0, 300)}` })
    )
  )
  const gigabytes = peak / 1e9
  const title = setting.quick ? `tiny, ${memory.name}` : memory.title
  return [
    {
      bench: memory.name,
      title,
      unit: "GB resident",
      ours: summarise([gigabytes]),
      peers: [],
      goals:
        memory.limit === undefined
          ? []
          : [
              {
                claim: `${title}, resident peak`,
                needed: `< ${memory.limit} GB`,
                value: `${gigabytes.toFixed(2)} GB`,
                met: gigabytes < memory.limit
              }
            ]
    }
  ] satisfies ReadonlyArray<Row>
})

/** Resident peaks of fresh processes. */
export const memoryBenches: ReadonlyArray<Bench> = cases.map((memory) => ({
  name: memory.name,
  seconds: memory.seconds,
  run: Effect.fn("bench.memory")(
    (setting: Setting) => runCase(memory, setting),
    Effect.mapError(asBenchError)
  )
}))
