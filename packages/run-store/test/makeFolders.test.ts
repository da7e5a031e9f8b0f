import { existsSync, mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { makeFolders } from "@sml/run-store"
import * as Effect from "effect/Effect"

const folder = () => mkdtempSync(join(tmpdir(), "sml-folders-"))

describe("makeFolders", () => {
  it.effect("makes what is missing, and minds nothing that is there", () =>
    Effect.gen(function* () {
      const deep = join(folder(), "a", "b", "c")
      yield* makeFolders(deep)
      assert.isTrue(existsSync(deep))
      yield* makeFolders(deep)
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.effect("fails where a file is in the way", () =>
    Effect.gen(function* () {
      const root = folder()
      writeFileSync(join(root, "file"), "")
      const error = yield* Effect.flip(makeFolders(join(root, "file", "below")))
      assert.strictEqual(error._tag, "PlatformError")
      assert.isFalse(existsSync(join(root, "file", "below")))
    }).pipe(Effect.provide(NodeServices.layer))
  )
})
