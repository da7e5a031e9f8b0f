import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"

import { assert, describe, it } from "@effect/vitest"
import { DoctorReport } from "@sml/trainer/DoctorCheck"
import { Schema } from "effect"

import { sml } from "./support/sml.ts"

const shared = fileURLToPath(new URL("../../../../shared/models/stories260K", import.meta.url))

const reportOf = (out: string) => Schema.decodeUnknownSync(Schema.fromJsonString(DoctorReport))(out)

describe("sml doctor", () => {
  it("finds the machine and the engine well, and a missing model not", async () => {
    const { code, err, out } = await sml(["doctor", "--json", "--model", "/no/such/model"])
    const { checks, healthy } = reportOf(out)
    const status = Object.fromEntries(checks.map((check) => [check.name, check.status]))
    assert.strictEqual(status["node"], "ok")
    assert.strictEqual(status["engine"], "ok")
    assert.strictEqual(status["student"], "ok")
    assert.strictEqual(status["run folder"], "ok")
    assert.strictEqual(status["model"], "failed")
    assert.isFalse(healthy)
    assert.strictEqual(code, 1)
    assert.strictEqual(err, "")
  })

  it("compares a model with its reference numbers", async (context) => {
    if (!existsSync(shared)) context.skip("no ../shared/models/stories260K here")
    const { out } = await sml(["doctor", "--json", "--model", shared])
    const reference = reportOf(out).checks.find((check) => check.name === "reference")
    assert.strictEqual(reference?.status, "ok")
    assert.isBelow(reference?.figures?.["logprob-error"] ?? 1, 1e-4)
  })
})
