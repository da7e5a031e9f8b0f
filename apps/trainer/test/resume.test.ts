import { mkdtemp, readdir, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { MetricsLine, parseJsonLines } from "@sml/run-store"
import { isWallClock } from "@sml/trainer/StepRecord"
import { Schema } from "effect"

import { sml, type Ended } from "./support/sml.ts"

const fixture = (name: string) => fileURLToPath(import.meta.resolve(`./fixtures/${name}.config.ts`))
const killedConfig = fixture("killed")

/** Longer than any of these runs takes on a busy machine. */
const patience = 240_000

let root = ""
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "sml-resume-"))
})
afterAll(() => rm(root, { recursive: true, force: true }))

const start = (directory: string, config: string, env: Readonly<Record<string, string>> = {}) =>
  sml(["train", "--config", config, "--out", directory], { env })

const resume = (directory: string, env: Readonly<Record<string, string>> = {}) =>
  sml(["train", "--resume", directory], { env })

/** Everything of a finished run that does not depend on the clock. */
const contents = async (directory: string) => {
  const text = (name: string) => readFile(join(directory, name), "utf8")
  const { values, damaged } = parseJsonLines(MetricsLine, await text("metrics.jsonl"))
  assert.deepStrictEqual(damaged, [])
  const { after, before } = Schema.decodeUnknownSync(
    Schema.fromJsonString(Schema.Struct({ before: Schema.Json, after: Schema.Json }))
  )(await text("results.json"))
  return {
    weights: (await readFile(join(directory, "final", "model.safetensors"))).toString("base64"),
    metrics: values.map((line) =>
      Object.fromEntries(Object.entries(line).filter(([name]) => !isWallClock(name)))
    ),
    episodes: await text("episodes.jsonl"),
    measured: { after, before },
    checkpoints: await readdir(join(directory, "checkpoints"))
  }
}

const assertEnded = ({ code, err }: Ended) => {
  assert.strictEqual(err, "")
  assert.strictEqual(code, 0)
}

let reference: Awaited<ReturnType<typeof contents>>

describe("a run that was killed", () => {
  beforeAll(async () => {
    const directory = join(root, "reference")
    assertEnded(await start(directory, fixture("small")))
    reference = await contents(directory)
    assert.deepStrictEqual(
      reference.metrics.map(({ step }) => step),
      [1, 2, 3, 4, 5, 6]
    )
    assert.deepStrictEqual(reference.checkpoints.toSorted(), ["step-000004", "step-000006"])
    // a training of which the optimiser's state matters
    assert.isAtLeast(reference.metrics.filter(({ updated }) => updated === 1).length, 4)
  }, patience)

  // each is killed again and again in one run: in the dialogues, the verification, the gradient, the
  // optimiser, the lines, the checkpoint, the end
  const chains = {
    "in its steps": [
      "teacher:30",
      "verifier:60",
      "before-gradient:1",
      "after-gradient:2",
      "before-optimiser:2",
      "after-optimiser:2",
      "before-metrics:1",
      "torn-episodes:2"
    ],
    "while it writes": [
      "before-state:1",
      "half-state:1",
      "before-rename:1",
      "after-rename:1",
      "torn-metrics:2",
      "after-truncate:1",
      "after-state:1"
    ],
    "near its end": [
      "after-state:3",
      "before-remove:3",
      "after-removal:1",
      "before-final:1",
      "after-final:1",
      "after-episodes:8",
      "before-results.json:1",
      "before-report.html:1"
    ]
  } as const
  for (const [where, points] of Object.entries(chains)) {
    it.concurrent(
      `${where} ends with the same bits, rows and dialogues`,
      async () => {
        const directory = join(root, where)
        let first = true
        for (const point of points) {
          const env = { KILL_AT: point }
          const { code, err } = await (first
            ? start(directory, killedConfig, env)
            : resume(directory, env))
          // no exit code: a signal
          assert.strictEqual(code, null, `${point}: ${err}`)
          first = false
        }
        assertEnded(await resume(directory))
        assert.deepStrictEqual(await contents(directory), reference)
      },
      patience
    )
  }
})
