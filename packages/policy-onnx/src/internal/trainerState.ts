/** The state of a trainer as files beside its weights: `learner.json` and `optimiser-N.safetensors`. */
import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"

import { decodeSafetensors, encodeSafetensors, type Tensor } from "@sml/language-model"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

import type { TrainerState } from "./protocol.ts"

const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

/** `parts`: how many files the optimiser's running means are in. */
const LearnerFile = Schema.Struct({
  format: Schema.Literal(1),
  updates: Count,
  passes: Count,
  parts: Count
})

const stateFile = "learner.json"
const partFile = (part: number) => `optimiser-${part + 1}.safetensors`

/** Bytes of a part at most, unless one array is larger: buffers beyond 2 GiB are awkward in Node. */
const partBytes = 2 ** 30

const attempt = <A>(file: string, done: string, run: () => Promise<A>) =>
  Effect.tryPromise({
    try: run,
    catch: (cause) =>
      `${file} cannot be ${done} (${cause instanceof Error ? cause.message : String(cause)}); check the folder and the space on its disk.`
  })

/** Writes the state; failures are whole sentences. */
export const writeTrainerState = Effect.fnUntraced(function* (
  directory: string,
  { optimiser, passes }: TrainerState
) {
  const named = (["first", "second"] as const).flatMap((kind) =>
    optimiser[kind].map(
      (data, index) => [`${kind}.${index}`, { shape: [data.length], data }] as const
    )
  )
  const parts: Array<Map<string, Tensor>> = []
  let room = 0
  for (const [name, tensor] of named) {
    if (parts.length === 0 || tensor.data.byteLength > room) {
      parts.push(new Map())
      room = partBytes
    }
    parts.at(-1)?.set(name, tensor)
    room -= tensor.data.byteLength
  }
  for (const [part, tensors] of parts.entries()) {
    const file = join(directory, partFile(part))
    yield* attempt(file, "written", () => writeFile(file, encodeSafetensors(tensors)))
  }
  const file = join(directory, stateFile)
  const contents = { format: 1, updates: optimiser.steps, passes, parts: parts.length }
  yield* attempt(file, "written", () => writeFile(file, `${JSON.stringify(contents)}\n`))
})

/** Reads the state of a trainer of arrays of these lengths; failures are whole sentences. */
export const readTrainerState = Effect.fnUntraced(function* (
  directory: string,
  lengths: ReadonlyArray<number>
) {
  const file = join(directory, stateFile)
  const text = yield* attempt(file, "read", () => readFile(file, "utf8"))
  const { parts, passes, updates } = yield* Effect.mapError(
    Schema.decodeUnknownEffect(Schema.fromJsonString(LearnerFile))(text),
    (error) =>
      `${file} is damaged (${error.message.replace(/\s+/g, " ")}); use an older checkpoint.`
  )
  const tensors = new Map<string, Tensor>()
  for (let part = 0; part < parts; part++) {
    const path = join(directory, partFile(part))
    const bytes = yield* attempt(path, "read", () => readFile(path))
    const decoded = yield* Effect.mapError(
      Effect.fromResult(decodeSafetensors(bytes, path)),
      ({ message }) => message
    )
    for (const [name, tensor] of decoded) tensors.set(name, tensor)
  }
  const arrays = (kind: "first" | "second") =>
    Result.all(
      (updates === 0 ? [] : lengths).map((length, index) => {
        const data = tensors.get(`${kind}.${index}`)?.data
        return data?.length === length
          ? Result.succeed(data)
          : Result.fail(
              `${directory} holds the optimiser's state of another model than the one in use; restore one of this model.`
            )
      })
    )
  const first = yield* Effect.fromResult(arrays("first"))
  const second = yield* Effect.fromResult(arrays("second"))
  return { optimiser: { steps: updates, first, second }, passes } satisfies TrainerState
})
