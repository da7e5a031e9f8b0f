/** What `sml doctor --model` says about a checkpoint. */
import { readChatTokenizer, readCheckpoint } from "@sml/language-model"
import { checkpointHash } from "@sml/nano-student/checkpointDirectory"
import { compareGolden, type Device } from "@sml/policy-onnx"
import * as Effect from "effect/Effect"

import type { DoctorCheck } from "./DoctorCheck.ts"
import { engineFor, microBatchLine } from "./engineFor.ts"
import { failureSentence } from "./failureSentence.ts"
import { weightsHash } from "./weightsHash.ts"

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`

/** Copies of every weight while training: itself, its gradient and AdamW's two moments. */
const copies = 4

/** The checkpoint can be read: what it is, how large it is, and what training it takes. */
export const checkCheckpoint = Effect.fn("doctor.checkpoint")(function* (directory: string) {
  const { config, tensors } = yield* readCheckpoint(directory)
  const parameters = [...tensors.values()].reduce((sum, { data }) => sum + data.length, 0)
  const bytes = parameters * Float32Array.BYTES_PER_ELEMENT
  return {
    name: "model",
    status: "ok",
    detail:
      `${config.family}, ${config.layers} layers of width ${config.hiddenSize}, ${config.heads} heads ` +
      `(${config.keyValueHeads} for keys and values), feed-forward ${config.intermediateSize}, ` +
      `vocabulary ${config.vocabularySize}, context ${config.contextLength}; ` +
      `${parameters.toLocaleString("en")} parameters, ${mebibytes(bytes)} of weights, ${mebibytes(copies * bytes)} to train`,
    figures: { parameters, "weight-bytes": bytes, "training-bytes": copies * bytes }
  } satisfies DoctorCheck
})

/** The embedded student is there, whole, and the one that was committed. */
export const checkStudent = Effect.fn("doctor.student")(function* (directory: string) {
  const { figures } = yield* checkCheckpoint(directory)
  const hash = yield* weightsHash(directory)
  const same = hash === checkpointHash
  return {
    name: "student",
    status: same ? "ok" : "failed",
    detail: same
      ? `${directory}, ${figures.parameters.toLocaleString("en")} parameters, sha256 ${hash}`
      : `${directory}/model.safetensors has the sha256 ${hash}, not ${checkpointHash}; restore it with git checkout`,
    figures
  } satisfies DoctorCheck
})

/** Whether it can hold a dialogue: tokenizer and chat template. */
export const checkDialogue = Effect.fn("doctor.dialogue")(function* (directory: string) {
  return yield* readChatTokenizer(directory).pipe(
    Effect.matchCause({
      onSuccess: ({ tokenizer }): DoctorCheck => ({
        name: "dialogue",
        status: "ok",
        detail: `tokenizer of ${tokenizer.vocabularySize} tokens, append-only chat template`
      }),
      // such a model can still be checked and sampled
      onFailure: (cause): DoctorCheck => ({
        name: "dialogue",
        status: "warning",
        detail: `it cannot be trained on dialogues: ${failureSentence(cause)}`
      })
    })
  )
})

/** How much of a batch is trained at a time. */
export const checkTraining = Effect.fn("doctor.training")(function* (directory: string) {
  const engine = yield* engineFor({ checkpoint: directory })
  return {
    name: "training",
    status: "ok",
    detail: microBatchLine(engine)
  } satisfies DoctorCheck
})

/** How far the engine is from the reference numbers beside the checkpoint. */
export const checkGolden = Effect.fn("doctor.golden")(function* (
  directory: string,
  device: Device
) {
  const found = yield* compareGolden(directory, { device })
  const figures = {
    "logprob-error": found.logprobError,
    "loss-error": found.lossError,
    "gradient-norm-error": found.gradientNormError,
    "gradient-element-error": found.gradientElementError
  }
  const greedy =
    found.greedyEqual === undefined
      ? ""
      : `, greedy text ${found.greedyEqual ? "equal" : "different"}`
  return {
    name: "reference",
    status: found.passed ? "ok" : "failed",
    detail:
      `on ${device}: log-probabilities off by ${found.logprobError.toExponential(1)}, ` +
      `gradient norms by ${found.gradientNormError.toExponential(1)} (worst: ${found.worstGradient})${greedy}` +
      (found.passed ? "" : "; beyond the tolerances, so do not train with this engine here"),
    figures
  } satisfies DoctorCheck
})
