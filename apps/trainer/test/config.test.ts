import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { MetricsLine, parseJsonLines } from "@sml/run-store"
import { isWallClock } from "@sml/trainer/StepRecord"
import * as Schema from "effect/Schema"

import { sml } from "./support/sml.ts"

let root = ""
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "sml-config-"))
  await writeFile(join(root, "sml.config.ts"), "export default { steps: 7, discount: 0.8 }")
})
afterAll(() => rm(root, { recursive: true, force: true }))

const Printed = Schema.fromJsonString(
  Schema.Record(
    Schema.String,
    Schema.Struct({ value: Schema.optionalKey(Schema.Json), origin: Schema.String })
  )
)

const rows = async (directory: string) => {
  const text = await readFile(join(directory, "metrics.jsonl"), "utf8")
  return parseJsonLines(MetricsLine, text).values.map((line) =>
    Object.fromEntries(Object.entries(line).filter(([name]) => !isWallClock(name)))
  )
}

const weights = (directory: string) =>
  readFile(join(directory, "final", "model.safetensors"), "base64")

describe("sml config", () => {
  it("prints every setting, and where it comes from", async () => {
    const file = join(root, "sml.config.ts")
    const flags = ["--config", file, "--discount", "0.9", "--lora-rank", "4"]
    const env = { SML_TRAIN_STEPS: "9", SML_TRAIN_TASKS: "5" }
    const { code, err, out } = await sml(["config", ...flags, "--format", "json"], { env })
    assert.strictEqual(code, 0, err)
    const printed = Schema.decodeUnknownSync(Printed)(out)
    const origin = (key: string) => [printed[key]?.value, printed[key]?.origin]
    assert.deepStrictEqual(origin("steps"), [7, `${file}: "steps"`])
    assert.deepStrictEqual(origin("discount"), [0.9, "--discount"])
    assert.deepStrictEqual(origin("tasks"), [5, "SML_TRAIN_TASKS"])
    assert.deepStrictEqual(origin("lora.rank"), [4, "--lora-rank"])
    assert.deepStrictEqual(origin("clipLow"), [0.2, "default"])
    assert.deepStrictEqual(origin("kl"), [undefined, "default"])

    const text = await sml(["config", ...flags], { env })
    assert.match(text.out, /^discount +0\.9 +--discount$/m)
    assert.match(text.out, /^tasks +5 +SML_TRAIN_TASKS$/m)
    assert.match(text.out, /^kl +off +default$/m)
  })

  it.each(["config", "train"])("sml %s refuses a setting that does nothing", async (command) => {
    const { code, err } = await sml([command, "--kl-estimator", "k1"])
    assert.strictEqual(code, 1)
    assert.strictEqual(
      err.trim(),
      "--kl-estimator does nothing: there is no KL penalty; give kl a coefficient, or leave it out"
    )
  })
})

describe("a run with another loss", () => {
  const settings = [
    "--steps 4 --tasks 4 --group 4 --no-eval --threads 2 --checkpoint-every 1",
    "--advantage leave-one-out --surrogate clip --epochs 2 --aggregation sequence-mean",
    "--kl 0.05 --replacements 2"
  ].flatMap((line) => line.split(" "))

  it("stores what it runs with, has its metrics, and goes on with the same bits", async () => {
    const [whole, killed] = [join(root, "whole"), join(root, "killed")]
    const first = await sml(["train", ...settings, "--out", whole])
    assert.strictEqual(first.code, 0, first.err)
    const steps = await rows(whole)
    assert.lengthOf(steps, 4)
    // the reference is the student that training started from
    assert.isBelow(Number(steps[0]?.["kl"]), Number(steps[3]?.["kl"]))
    assert.isTrue(steps.every((row) => Number(row["groups/count"]) <= 6))
    assert.isTrue(steps.some((row) => Number(row["groups/count"]) > 4))
    assert.isTrue(steps.every((row) => row["leak_rate"] === 0))
    const stored: unknown = JSON.parse(await readFile(join(whole, "config.json"), "utf8"))
    assert.deepInclude(stored, {
      advantage: "leave-one-out",
      kl: 0.05,
      klEstimator: "k3",
      klIn: "loss",
      klAgainst: "reference",
      epochs: 2,
      replacements: 2
    })

    await sml(["train", ...settings, "--out", killed], {
      during: (child, out) => {
        if (/^step 2\/4/m.test(out)) child.kill("SIGKILL")
      }
    })
    const resumed = await sml(["train", "--resume", killed])
    assert.strictEqual(resumed.code, 0, resumed.err)
    assert.deepStrictEqual(await rows(killed), steps)
    assert.strictEqual(await weights(killed), await weights(whole))
  }, 120_000)
})
