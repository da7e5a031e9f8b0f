import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"

const soak = fileURLToPath(new URL("../src/benchSoak.ts", import.meta.url))

const Report = Schema.fromJsonString(
  Schema.Struct({
    steps: Schema.Int,
    lost: Schema.Int,
    twice: Schema.Int,
    damaged: Schema.Int,
    hangs: Schema.Int,
    processes: Schema.Array(Schema.Struct({ end: Schema.String, expected: Schema.Boolean }))
  })
)

describe.skipIf(process.env["SML_SOAK"] === undefined || process.platform !== "linux")(
  "a short soak (SML_SOAK, Linux)",
  () => {
    it("kills and resumes without losing a row", { timeout: 180_000 }, async () => {
      const out = await mkdtemp(join(tmpdir(), "sml-soak-test-"))
      const args = [soak, "--minutes", "0.5", "--kills", "1", "--out", out]
      await once(spawn(process.execPath, args, { stdio: "ignore" }), "close")
      const text = await readFile(join(out, "soak.json"), "utf8")
      await rm(out, { recursive: true })
      const { processes, steps, ...faults } = Schema.decodeUnknownSync(Report)(text)
      assert.isAbove(steps, 0)
      // memory is judged over longer times
      assert.deepStrictEqual(faults, { lost: 0, twice: 0, damaged: 0, hangs: 0 })
      assert.deepStrictEqual(processes, [
        { end: "SIGKILL", expected: true },
        { end: "SIGINT", expected: true }
      ])
    })
  }
)
