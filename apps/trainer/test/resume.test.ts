import { spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync } from "node:fs"
import {
  appendFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  writeFile
} from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { fileURLToPath } from "node:url"

import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { MetricsLine, parseJsonLines } from "@sml/run-store"
import { isWallClock } from "@sml/trainer/StepRecord"
import * as Schema from "effect/Schema"

import { mainFile, sml, type Ended } from "./support/sml.ts"

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
/** Milliseconds that it takes when nobody kills it. */
let longest = 0

beforeAll(async () => {
  const directory = join(root, "reference")
  const began = performance.now()
  assertEnded(await start(directory, fixture("small")))
  longest = performance.now() - began
  reference = await contents(directory)
  assert.deepStrictEqual(
    reference.metrics.map(({ step }) => step),
    [1, 2, 3, 4, 5, 6]
  )
  assert.deepStrictEqual(reference.checkpoints.toSorted(), ["step-000004", "step-000006"])
  // a training of which the optimiser's state matters
  assert.isAtLeast(reference.metrics.filter(({ updated }) => updated === 1).length, 4)
}, patience)

describe("a run that was killed", () => {
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
        await points.reduce(async (before, point, index) => {
          await before
          const env = { KILL_AT: point }
          const go = index === 0 ? start(directory, killedConfig, env) : resume(directory, env)
          const { code, err } = await go
          // no exit code: a signal
          assert.strictEqual(code, null, `${point}: ${err}`)
        }, Promise.resolve())
        assertEnded(await resume(directory))
        assert.deepStrictEqual(await contents(directory), reference)
      },
      patience
    )
  }

  it.concurrent(
    "skips checkpoints that are torn or garbled, says so, and ends with the same bits",
    async () => {
      const directory = join(root, "garbled")
      const killed = await start(directory, killedConfig, { KILL_AT: "before-final:1" })
      assert.strictEqual(killed.code, null)
      const newest = join(directory, "checkpoints", "step-000006")
      const weights = join(newest, "model.safetensors")
      const bytes = await readFile(weights)
      bytes[bytes.length - 3] = (bytes[bytes.length - 3] ?? 0) ^ 1
      await writeFile(weights, bytes)
      const torn = join(directory, "checkpoints", ".step-000008.partial")
      await mkdir(torn)
      await writeFile(join(torn, "model.safetensors"), bytes.subarray(0, 1000))
      await appendFile(join(directory, "metrics.jsonl"), `{"step":7,"rewa`)
      const ended = await resume(directory)
      assertEnded(ended)
      assert.match(ended.out, /step-000006 is skipped: model\.safetensors has other bytes/)
      assert.match(ended.out, /from the checkpoint of step 4/)
      assert.deepStrictEqual(await contents(directory), reference)

      // finished: it is left as it is
      const before = await stat(join(directory, "report.html"))
      const again = await resume(directory)
      assertEnded(again)
      assert.match(again.out, /the run is finished, 6 of 6 steps/)
      assert.deepStrictEqual(await stat(join(directory, "report.html")), before)
    },
    patience
  )

  it.concurrent(
    "refuses flags that say something else than it was started with",
    async () => {
      const directory = join(root, "flags")
      const killed = await start(directory, killedConfig, { KILL_AT: "teacher:1" })
      assert.strictEqual(killed.code, null)
      const flags = ["--steps", "9", "--seed", "1", "--lora-rank", "2", "--config", "other.ts"]
      const { code, err } = await sml(["train", "--resume", directory, ...flags])
      assert.strictEqual(code, 1)
      assert.match(
        err,
        /^--resume .*flags contradicts how the run was started: --steps 9 \(it has 6\), --lora-rank 2 \(it has its default\), --config other\.ts \(it has .*killed\.config\.ts\); leave that out, or start a new run with --out\n$/
      )
      const out = await sml(["train", "--resume", directory, "--out", directory])
      assert.match(out.err, /^--out is for a new run and --resume for one that goes on/)
      const nowhere = await sml(["train", "--resume", join(root, "nowhere")])
      assert.match(nowhere.err, /nowhere: there is no such folder; give the folder of a run/)
    },
    patience
  )

  it.concurrent(
    "is not resumed while it goes on",
    async () => {
      const directory = join(root, "going")
      const args = ["train", "--config", fixture("stuck"), "--out", directory]
      let second: Promise<Ended> | undefined
      const first = await sml(args, {
        during: (child, out) => {
          if (second !== undefined || !out.includes("stuck")) return
          second = resume(directory)
          void second.then(() => child.kill("SIGKILL"))
        }
      })
      assert.strictEqual(first.code, null)
      const refused = await second
      assert.strictEqual(refused?.code, 1)
      assert.match(
        refused?.err ?? "",
        /^the run in .* is going on in process \d+; wait for its end/
      )
    },
    patience
  )

  it.concurrent(
    "in its first moments starts again by itself",
    async () => {
      const directory = join(root, "early")
      const args = ["train", "--config", fixture("small"), "--no-eval", "--out", directory]
      const child = spawn(process.execPath, [mainFile, ...args], { stdio: "ignore" })
      const closed = once(child, "close")
      // long before anything else of the command is loaded
      const command = join(directory, ".command.json")
      const began = Date.now()
      const wait = async (): Promise<void> => {
        if (existsSync(command)) return undefined
        assert.isBelow(Date.now() - began, 60_000)
        await setTimeout(2)
        return wait()
      }
      await wait()
      child.kill("SIGKILL")
      await closed
      assert.deepStrictEqual(await readdir(directory), [".command.json"])
      const refused = await sml(["train", "--resume", directory, "--seed", "2"])
      assert.match(
        refused.err,
        /stopped before its configuration was stored; without any other flag/
      )
      assertEnded(await resume(directory))
      const weights = await readFile(join(directory, "final", "model.safetensors"))
      assert.strictEqual(weights.toString("base64"), reference.weights)
      assert.notInclude(await readdir(directory), ".command.json")
    },
    patience
  )

  it.concurrent(
    "has the same bits when teacher and verifier take their time at random",
    async () => {
      const directory = join(root, "delayed")
      assertEnded(await start(directory, fixture("delayed")))
      assert.deepStrictEqual(await contents(directory), reference)
    },
    patience
  )
})

describe("a run that is interrupted", () => {
  it.concurrent(
    "by Ctrl-C stops after the step it is in, with a checkpoint and a hint",
    async () => {
      const directory = join(root, "interrupted")
      let sent = false
      const args = ["train", "--config", fixture("small"), "--out", directory]
      const ended = await sml(args, {
        during: (child, out) => {
          if (!sent && out.includes("step 1/6")) sent = child.kill("SIGINT")
        }
      })
      assert.strictEqual(ended.code, 130)
      assert.match(
        ended.err,
        /^interrupted after step \d of 6; .* train --resume .*interrupted goes on from there\n$/
      )
      assertEnded(await resume(directory))
      assert.deepStrictEqual((await contents(directory)).weights, reference.weights)
    },
    patience
  )

  it.concurrent(
    "by a reader that goes away is as one by Ctrl-C",
    async () => {
      const directory = join(root, "unheard")
      const command = `"${process.execPath}" "${mainFile}" train --config "${fixture("small")}" --out "${directory}" | head -1`
      const shell = spawn("sh", ["-c", command], { stdio: ["ignore", "ignore", "pipe"] })
      let err = ""
      shell.stderr.on("data", (chunk: Buffer) => {
        err += chunk.toString()
      })
      await once(shell, "close")
      assert.match(err, /^interrupted [^\n]* train --resume [^\n]*unheard goes on[^\n]*\n$/)
      assertEnded(await resume(directory))
      assert.deepStrictEqual((await contents(directory)).weights, reference.weights)
    },
    patience
  )

  it.concurrent(
    "by a second Ctrl-C stops at once",
    async () => {
      const directory = join(root, "twice")
      const args = ["train", "--config", fixture("stuck"), "--out", directory]
      let sent = false
      const began = Date.now()
      let second = began
      const ended = await sml(args, {
        during: (child, out) => {
          if (sent || !out.includes("stuck")) return
          sent = child.kill("SIGINT")
          globalThis.setTimeout(() => {
            second = Date.now()
            child.kill("SIGINT")
          }, 300)
        }
      })
      assert.isTrue(sent)
      assert.strictEqual(ended.code, 130)
      assert.isBelow(Date.now() - second, 3000)
    },
    patience
  )
})

describe.skipIf(process.env["SML_SOAK"] === undefined)("at random moments (SML_SOAK)", () => {
  it("is killed again and again until it is through, and ends with the same bits", async () => {
    let kills = 0
    const go = async (directory: string): Promise<void> => {
      const resumed = existsSync(directory)
      const args = resumed
        ? ["train", "--resume", directory]
        : ["train", "--config", fixture("small"), "--out", directory]
      const child = spawn(process.execPath, [mainFile, ...args], { stdio: "ignore" })
      const closed = once(child, "close")
      const timer = globalThis.setTimeout(() => child.kill("SIGKILL"), Math.random() * longest)
      await closed
      clearTimeout(timer)
      if (child.exitCode === 0) return undefined
      assert.strictEqual(child.signalCode, "SIGKILL")
      kills += 1
      return go(directory)
    }
    const rounds = async (round: number): Promise<void> => {
      if (kills >= 20) return undefined
      const directory = join(root, `random-${round}`)
      await go(directory)
      assert.deepStrictEqual(await contents(directory), reference)
      return rounds(round + 1)
    }
    await rounds(1)
  }, 3_600_000)
})
