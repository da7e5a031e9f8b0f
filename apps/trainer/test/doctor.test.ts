import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"

import { assert, describe, it } from "@effect/vitest"
import { DoctorReport } from "@sml/trainer/DoctorCheck"
import * as Schema from "effect/Schema"

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
    assert.strictEqual(status["device cpu"], "ok")
    const python = checks.find((check) => check.name === "python")
    const finding = {
      ok: /^Python 3\..* runs in a sandbox of bubblewrap/,
      // what to do about it
      absent: /apt-get install|sysctl|needs Linux/
    }
    assert.match(python?.detail ?? "", python?.status === "ok" ? finding.ok : finding.absent)
    assert.include(["ok", "absent"], python?.status)
    for (const device of ["webgpu", "cuda"]) {
      const found = checks.find((check) => check.name === `device ${device}`)
      // found by trying, and not asked for
      const reason = new RegExp(
        `^The device "${device}" cannot be used on this machine \\(.+\\); .+\\.$`
      )
      if (found?.status !== "ok") assert.match(found?.detail ?? "", reason)
      assert.include(["ok", "absent"], found?.status)
    }
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
    const training = reportOf(out).checks.find((check) => check.name === "training")
    assert.match(
      training?.detail ?? "",
      /^micro-batches: up to \d+ tokens, about \d+ MB of activations/
    )
  })

  for (const device of ["webgpu", "cuda"]) {
    it(`examines ${device} when it is asked for, and nothing else in its place`, async () => {
      const { code, err, out } = await sml(["doctor", "--json", "--device", device])
      const { checks, healthy } = reportOf(out)
      const found = checks.find((check) => check.name === `device ${device}`)
      const engine = checks.find((check) => check.name === "engine")
      // on a machine that has the device both are well, on any other neither is
      const expected = found?.status === "ok" ? "ok" : "failed"
      assert.strictEqual(found?.status, expected)
      assert.strictEqual(engine?.status, expected)
      assert.strictEqual(healthy, expected === "ok")
      assert.strictEqual(code, expected === "ok" ? 0 : 1)
      assert.include(engine?.detail, expected === "ok" ? `on ${device}` : (found?.detail ?? ""))
      assert.strictEqual(err, "")
    })
  }

  it("refuses an unknown device", async () => {
    const { code, err } = await sml(["doctor", "--device", "tpu"])
    assert.match(err, /^sml doctor: .*--device: "tpu"\. Expected: "cpu" \| "webgpu" \| "cuda"/)
    assert.strictEqual(code, 1)
  })
})
