import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { insideFolder } from "@sml/run-store"
import * as Effect from "effect/Effect"

const folders = () => {
  const root = mkdtempSync(join(tmpdir(), "sml-inside-"))
  const run = join(root, "run")
  mkdirSync(join(run, "checkpoints"), { recursive: true })
  mkdirSync(join(root, "run-b"))
  writeFileSync(join(root, "secret"), "")
  symlinkSync(root, join(run, "out"))
  symlinkSync(join(root, "nothing"), join(run, "dangling"))
  symlinkSync(join(run, "checkpoints"), join(run, "newest"))
  return run
}

describe("insideFolder", () => {
  it.effect("gives what lies in the folder, whether it is there or not", () =>
    Effect.gen(function* () {
      const run = folders()
      for (const name of ["checkpoints", "checkpoints/step-1/x", "a/../b", "newest/step-1", "."]) {
        assert.strictEqual(yield* insideFolder(run, name), join(run, name).replace(/\/$/, ""))
      }
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.effect("refuses what leaves it by .., by its name or by links", () =>
    Effect.gen(function* () {
      const run = folders()
      const leaving = ["..", "../run-b", "/etc/passwd", "out", "out/secret", "out/new", "dangling"]
      for (const name of [...leaving, "checkpoints/../../secret", "dangling/x"]) {
        const error = yield* Effect.flip(insideFolder(run, name))
        assert.strictEqual(error.problem, "outside", name)
        assert.match(error.message, /leads out of .*, so it is refused/)
      }
    }).pipe(Effect.provide(NodeServices.layer))
  )
})
