import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { companionFiles, defaultPretrain, pretrainInto } from "@sml/nano-student"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { afterAll, assert, beforeAll, describe, expect, it } from "vitest"

const options = { ...defaultPretrain, steps: 2, batchSize: 4 }
let folder = ""
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pretrain-into-"))
})
afterAll(() => rm(folder, { recursive: true }))

describe("pretrainInto", () => {
  it("writes a whole checkpoint, the same bits for the same options", async () => {
    const train = (name: string, seed: number) =>
      Effect.runPromise(
        pretrainInto(join(folder, name), { ...options, seed }, { threads: 1 })
      ).then(() => readFile(join(folder, name, "model.safetensors")))
    const weights = await train("one", 1)
    assert.isTrue(weights.equals(await train("again", 1)))
    assert.isFalse(weights.equals(await train("other", 2)))
    expect((await readdir(join(folder, "one"))).toSorted()).toEqual(
      ["config.json", "model.safetensors", ...Object.keys(companionFiles)].toSorted()
    )
  })

  it("says before the work that the folder cannot be written", async () => {
    const file = join(folder, "file")
    await writeFile(file, "")
    let steps = 0
    const error = await Effect.runPromise(
      pretrainInto(join(file, "inside"), {
        ...options,
        onProgress: () => Effect.sync(() => steps++)
      }).pipe(Effect.flip)
    )
    assert.match(error.message, /inside cannot be written to \(ENOTDIR\); choose a writable folder/)
    assert.equal(steps, 0)
  })

  it("leaves the folder as it was when it is interrupted", async () => {
    const directory = join(folder, "interrupted")
    await Effect.runPromise(
      Effect.gen(function* () {
        const fiber = yield* Effect.forkChild(
          pretrainInto(
            directory,
            { ...options, steps: 1000, onProgress: () => Effect.never },
            { threads: 1 }
          )
        )
        yield* Effect.sleep("500 millis")
        yield* Fiber.interrupt(fiber)
      })
    )
    assert.deepEqual(await readdir(directory), [])
  })
})
