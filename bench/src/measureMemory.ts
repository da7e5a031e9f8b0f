/** A process of its own that does some work once and prints the most memory that it held. */
import { readFileSync } from "node:fs"

// not the whole of it, which loads an HTTP client and more
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { adamW } from "@sml/policy"
import type { OnnxPolicy } from "@sml/policy-onnx"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

import { openEngine } from "./engine.ts"
import { MemoryAnswer, MemoryWork } from "./memoryWork.ts"
import { randomPrompts } from "./prompts.ts"
import { trainingData } from "./trainingData.ts"

/** Prompt tokens of a sampled stream. */
const promptTokens = 32

const adapter: OnnxPolicy.NewAdapter = { rank: 8, alpha: 16, targets: ["all-linear"] }

/** The resident peak in bytes, as the kernel counts it. */
const peak = (): number => {
  if (process.platform !== "linux") return process.resourceUsage().maxRSS * 1024
  const kilobytes = /^VmHWM:\s*(\d+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1]
  return Number(kilobytes) * 1024
}

const sample = Effect.fnUntraced(function* (work: MemoryWork) {
  const { sampler } = yield* openEngine(work.checkpoint, work.threads)
  const prompts = randomPrompts(sampler.vocabularySize, work.sequences, promptTokens, promptTokens)
  yield* Effect.forEach(
    prompts,
    (tokens, seed) =>
      sampler.generate({
        tokens,
        maxTokens: work.tokens - promptTokens,
        temperature: 1,
        stop: [],
        seed
      }),
    { concurrency: "unbounded", discard: true }
  )
})

const trainStep = Effect.fnUntraced(function* (work: MemoryWork) {
  const { learner, sampler } = yield* openEngine(
    work.checkpoint,
    work.threads,
    work.kind === "lora" ? adapter : undefined
  )
  // the last token is a target only
  const data = trainingData(sampler.vocabularySize, work.sequences, work.tokens - 1, "all")
  yield* learner.forwardBackward(data, { _tag: "CrossEntropy", normaliser: "weight" })
  yield* learner.step(adamW())
})

const decodeWork = Schema.decodeUnknownEffect(Schema.fromJsonString(MemoryWork))

const program = Effect.gen(function* () {
  const work = yield* decodeWork(process.argv[2])
  yield* work.kind === "sample" ? sample(work) : trainStep(work)
  yield* Console.log(JSON.stringify(MemoryAnswer.make({ peak: peak() })))
}).pipe(Effect.scoped)

NodeRuntime.runMain(program)
