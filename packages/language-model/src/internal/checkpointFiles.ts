/** Reading and writing the files of a model's folder, with failures that say what to do. */
import { type FileHandle, mkdir, open, readFile, rename, rm, stat } from "node:fs/promises"
import { join } from "node:path"

import * as Effect from "effect/Effect"

import { CheckpointError } from "../CheckpointError.ts"
import type { Tensor } from "../Safetensors.ts"
import { parseHeader, prefixLength, toFloats } from "./safetensorsFormat.ts"

const code = (cause: unknown): string =>
  cause instanceof Error && "code" in cause && typeof cause.code === "string"
    ? cause.code
    : String(cause)

/** Runs a promise; a failure says what could not be done with `file`, and what to do. */
export const attempt = <A>(file: string, doing: string, advice: string, run: () => Promise<A>) =>
  Effect.tryPromise({
    try: run,
    catch: (cause) =>
      new CheckpointError({
        file,
        reason:
          code(cause) === "ENOENT" && doing === "read"
            ? `There is no file ${file}; ${advice}.`
            : `${file} could not be ${doing} (${code(cause)}); ${advice}.`
      })
  })

export const writeAdvice = "choose a writable folder with free space"

/** The parsed JSON of a small file. */
export const readJson = Effect.fnUntraced(function* (file: string, advice: string) {
  // a configuration or an index is small; a large file is a mistake
  const { size } = yield* attempt(file, "read", advice, () => stat(file))
  if (size > 50_000_000) {
    return yield* new CheckpointError({
      file,
      reason: `${file} has ${size} bytes, too many for a JSON file; ${advice}.`
    })
  }
  const text = yield* attempt(file, "read", advice, () => readFile(file, "utf8"))
  return yield* Effect.try({
    try: (): unknown => JSON.parse(text),
    catch: (cause) =>
      new CheckpointError({
        file,
        reason: `${file} is not JSON (${cause instanceof Error ? cause.message : String(cause)}); copy it again from its source.`
      })
  })
})

/** `length` bytes of an open file, from `begin` on. */
export const readBytes = Effect.fnUntraced(function* (
  handle: FileHandle,
  file: string,
  begin: number,
  length: number,
  advice: string
) {
  const bytes = new Uint8Array(length)
  let done = 0
  while (done < length) {
    const { bytesRead } = yield* attempt(file, "read", advice, () =>
      handle.read(bytes, done, length - done, begin + done)
    )
    if (bytesRead === 0) {
      return yield* new CheckpointError({
        file,
        byte: begin + done,
        reason: `${file} shrank to ${begin + done} bytes while it was read; read it again when nobody writes it.`
      })
    }
    done += bytesRead
  }
  return bytes
})

/** The tensors of a safetensors file, read one by one: the file is never in memory twice. */
export const readSafetensors = (file: string, advice: string) =>
  Effect.acquireUseRelease(
    attempt(file, "read", advice, () => open(file)),
    Effect.fnUntraced(function* (handle) {
      const { size } = yield* attempt(file, "read", advice, () => handle.stat())
      const prefix = yield* readBytes(handle, file, 0, Math.min(8, size), advice)
      const length = yield* Effect.fromResult(prefixLength(prefix, size, file))
      const header = yield* readBytes(handle, file, 8, length, advice)
      const entries = yield* Effect.fromResult(parseHeader(header, size, file))
      const tensors = new Map<string, Tensor>()
      for (const entry of entries) {
        const bytes = yield* readBytes(handle, file, entry.begin, entry.end - entry.begin, advice)
        const data = yield* Effect.fromResult(toFloats(entry, bytes, file))
        tensors.set(entry.name, { shape: entry.shape, data })
      }
      return tensors
    }),
    (handle) => Effect.promise(() => handle.close())
  )

export const exists = (file: string) =>
  Effect.promise(() =>
    stat(file).then(
      () => true,
      () => false
    )
  )

/** A JSON file's bytes. */
export const jsonBytes = (json: unknown): Uint8Array =>
  new TextEncoder().encode(`${JSON.stringify(json, null, 2)}\n`)

/** Writes `path`, which will be `file`, to the disk and not only to its cache. */
export const writeDurably = (file: string, path: string, parts: ReadonlyArray<Uint8Array>) =>
  Effect.acquireUseRelease(
    attempt(file, "written", writeAdvice, () => open(path, "w")),
    (handle) =>
      Effect.andThen(
        Effect.forEach(
          parts,
          (part) => attempt(file, "written", writeAdvice, () => handle.writeFile(part)),
          { discard: true }
        ),
        attempt(file, "written", writeAdvice, () => handle.sync())
      ),
    (handle) => Effect.promise(() => handle.close())
  )

/** Writes the file `name` of a folder: `write` gets its final name and the one to write to. */
export type Stage = (
  name: string,
  write: (file: string, path: string) => Effect.Effect<void, CheckpointError>
) => Effect.Effect<void, CheckpointError>

/**
 * Makes the folder and runs `writeAll`, whose files are written beside their places and renamed into
 * them when all are complete, in the order in which they were staged. Nothing is left behind by an
 * interruption or a failure.
 */
export const writeTogether = Effect.fnUntraced(function* (
  directory: string,
  writeAll: (stage: Stage) => Effect.Effect<void, CheckpointError>
) {
  yield* attempt(directory, "created", writeAdvice, () => mkdir(directory, { recursive: true }))
  const staged: Array<readonly [from: string, to: string]> = []
  const stage: Stage = (name, write) => {
    const to = join(directory, name)
    const from = `${to}.${process.pid}.${staged.length}.partial`
    staged.push([from, to])
    return write(to, from)
  }
  const all = Effect.gen(function* () {
    yield* writeAll(stage)
    // from here on every file is complete on the disk
    for (const [from, to] of staged) {
      yield* attempt(to, "written", writeAdvice, () => rename(from, to))
    }
  })
  // a failure to clear up must not hide the failure that made it necessary
  const clear = Effect.promise(() =>
    Promise.allSettled(staged.map(([from]) => rm(from, { force: true })))
  )
  yield* Effect.ensuring(all, clear)
})
