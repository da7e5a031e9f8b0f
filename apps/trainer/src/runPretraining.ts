/** The embedded student from nothing: its corpus, its weights, its gates. */
import { ChatTokenizer, PolicyStudent } from "@sml/language-model"
import type { ToldVersusDirect } from "@sml/nano-student"
import {
  type FeedbackGap,
  passesFeedback,
  passesTold,
  pretrainInto,
  type PretrainOptions,
  type PretrainProgress,
  probeFeedback,
  probeTold
} from "@sml/nano-student"
import { OnnxPolicy } from "@sml/policy-onnx"
import { fromPlatformError, makeFolders } from "@sml/run-store"
import { TaskSource } from "@sml/tasks"
import { NanoVerifier } from "@sml/teacher-verifiers/nano"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Path from "effect/Path"

import { short } from "./formatting.ts"
import { Progress } from "./Progress.ts"
import { takeDenormalsAsZero } from "./takeDenormalsAsZero.ts"
import { defaultTrainOptions } from "./TrainOptions.ts"
import { weightsHash } from "./weightsHash.ts"

/** What the two gates measured on one domain, and whether they let the student pass. */
export interface GateResult {
  readonly domain: "math" | "code"
  readonly told: ToldVersusDirect
  readonly feedback: FeedbackGap
  readonly passesTold: boolean
  readonly passesFeedback: boolean
}

/** A pretrained student. */
export interface Pretrained {
  readonly directory: string
  readonly hash: string
  readonly seconds: number
  readonly gates: ReadonlyArray<GateResult>
}

/** Settings of {@link runPretraining}. */
export interface PretrainingOptions extends PretrainOptions {
  readonly out: string
  /** Held-out tasks per gate and condition. */
  readonly gateTasks: number
  readonly threads?: number
}

const pretrainingPart = "pretraining"
const gatesPart = "gates"

const gateOf = Effect.fnUntraced(function* (domain: "math" | "code", count: number) {
  const told = yield* probeTold({ domain, count })
  const feedback = yield* probeFeedback({ domain, count })
  return {
    domain,
    told,
    feedback,
    passesTold: passesTold(told),
    passesFeedback: passesFeedback(feedback)
  } satisfies GateResult
})

/**
 * Trains the embedded student on its corpus, writes it to `out` in Hugging Face layout and puts it
 * through the gates. Nothing is written before the training is done.
 */
export const runPretraining = Effect.fn("trainer.runPretraining")(function* (
  options: PretrainingOptions
) {
  const path = yield* Path.Path
  const progress = yield* Progress
  const directory = path.resolve(options.out)
  const engine = options.threads === undefined ? {} : { threads: options.threads }
  yield* makeFolders(directory).pipe(
    Effect.mapError(fromPlatformError("write the student", directory))
  )
  yield* progress.emit({
    _tag: "Plan",
    title: `sml pretrain: ${options.steps} steps of ${options.batchSize} dialogues`,
    parts: [
      { name: pretrainingPart, kind: "steps", total: options.steps, guess: 0.1 },
      { name: gatesPart, kind: "moments", total: 2, guess: 15 }
    ]
  })
  yield* progress.emit({ _tag: "Begin", name: pretrainingPart })
  yield* takeDenormalsAsZero
  const start = performance.now()
  const onProgress = Effect.fnUntraced(function* ({
    loss,
    step,
    tokensPerSecond
  }: PretrainProgress) {
    yield* progress.emit({ _tag: "Advance", done: step })
    const text = `loss ${loss.toFixed(3)} nats  ${short(tokensPerSecond)} tokens/s`
    yield* progress.emit({ _tag: "Detail", text })
  })
  yield* pretrainInto(directory, { ...options, onProgress }, engine).pipe(
    Effect.onInterrupt(() =>
      progress.farewell("interrupted; pretraining keeps nothing before its end, so run it again")
    )
  )
  const seconds = (performance.now() - start) / 1000
  const hash = yield* weightsHash(directory)

  yield* progress.emit({ _tag: "Begin", name: gatesPart })
  const parties = Layer.mergeAll(
    PolicyStudent.layer({ maxTokens: defaultTrainOptions.maxTokens }).pipe(
      Layer.provide(ChatTokenizer.layer(directory)),
      Layer.provide(OnnxPolicy.layer({ ...engine, checkpoint: directory }))
    ),
    NanoVerifier.layer(),
    TaskSource.layerNano()
  )
  const gates = yield* Effect.gen(function* () {
    const math = yield* gateOf("math", options.gateTasks)
    yield* progress.emit({ _tag: "Advance", done: 1 })
    return [math, yield* gateOf("code", options.gateTasks)]
  }).pipe(
    Effect.provide(parties),
    Effect.onInterrupt(() =>
      progress.farewell(`interrupted at the gates; the student is in ${directory}`)
    )
  )
  return { directory, hash, seconds, gates } satisfies Pretrained
})
