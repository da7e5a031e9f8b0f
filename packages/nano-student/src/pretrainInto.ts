/** The whole recipe: from nothing to a checkpoint folder. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { CheckpointError, writeCheckpoint } from "@sml/language-model"
import { Learner } from "@sml/policy"
import type { EngineOptions } from "@sml/policy-onnx"
import { OnnxPolicy } from "@sml/policy-onnx"
import * as Effect from "effect/Effect"

import { companionFiles } from "./companionFiles.ts"
import { initialCheckpoint, nanoConfig } from "./NanoModel.ts"
import type { PretrainOptions } from "./pretrain.ts"
import { defaultPretrain, pretrain } from "./pretrain.ts"

const attempt = <A>(directory: string, run: () => Promise<A>) =>
  Effect.tryPromise({
    try: run,
    catch: (cause) => {
      const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause)
      return new CheckpointError({
        file: directory,
        reason: `${directory} cannot be written to (${code}); choose a writable folder with free space.`
      })
    }
  })

/** Says before the work, not after it, that its result could not be kept. */
const checkWritable = (directory: string) =>
  attempt(directory, async () => {
    await mkdir(directory, { recursive: true })
    const probe = join(directory, `.probe-${process.pid}`)
    await writeFile(probe, "")
    await rm(probe)
  })

const temporaryFolder = Effect.acquireRelease(
  attempt(tmpdir(), () => mkdtemp(join(tmpdir(), "nano-student-"))),
  (directory) => Effect.promise(() => rm(directory, { recursive: true, force: true }))
)

/** Writes the student before any training: weights of {@link initialCheckpoint} and the tokenizer. */
export const writeInitial = Effect.fn("NanoStudent.writeInitial")(function* (
  directory: string,
  seed: number
) {
  yield* writeCheckpoint(directory, initialCheckpoint(nanoConfig, seed))
  for (const [name, text] of Object.entries(companionFiles)) {
    yield* attempt(directory, () => writeFile(join(directory, name), text))
  }
})

/**
 * Trains a student from nothing with the embedded engine and writes it to `directory` as a Hugging
 * Face folder, at the end and all at once: an interruption leaves the folder as it was. The result is
 * a function of the options alone, on machines of one kind.
 */
export const pretrainInto = Effect.fn("NanoStudent.pretrainInto")(function* (
  directory: string,
  options: PretrainOptions = defaultPretrain,
  engine: EngineOptions = {}
) {
  yield* checkWritable(directory)
  return yield* Effect.scoped(
    Effect.gen(function* () {
      const start = yield* temporaryFolder
      yield* writeInitial(start, options.seed)
      return yield* Effect.gen(function* () {
        const progress = yield* pretrain(options)
        yield* (yield* Learner).save(directory)
        return progress
      }).pipe(Effect.provide(OnnxPolicy.layer({ ...engine, checkpoint: start })))
    })
  )
})
