import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

import { afterAll, assert, describe, it } from "@effect/vitest"
import { BeforeAfter } from "@sml/eval-harness"
import { MetricsLine, parseJsonLines } from "@sml/run-store"
import * as Schema from "effect/Schema"

import type { Ended } from "./support/sml.ts"
import { sml } from "./support/sml.ts"

const tabularConfig = fileURLToPath(import.meta.resolve("./fixtures/tabular.config.ts"))
const slowConfig = fileURLToPath(import.meta.resolve("./fixtures/slow.config.ts"))
const fullConfig = fileURLToPath(import.meta.resolve("./fixtures/full.config.ts"))
const tabular = ["--config", tabularConfig]

const made: Array<string> = []

/** A folder that is gone after the tests. */
const folder = async () => {
  const path = await mkdtemp(join(tmpdir(), "sml-command-"))
  made.push(path)
  return path
}

afterAll(() => Promise.all(made.map((path) => rm(path, { recursive: true, force: true }))))

/** The command has failed with exactly one line on standard error, and that line matches. */
const assertOneSentence = ({ code, err }: Ended, sentence: RegExp, expected = 1) => {
  assert.match(err, sentence)
  assert.strictEqual(err.trimEnd().split("\n").length, 1, err)
  assert.notMatch(err, /\n\s+at /)
  assert.strictEqual(code, expected)
}

describe.concurrent("sml", () => {
  it("has help for everything, and a version", async () => {
    const [help, train, evaluation, version] = await Promise.all([
      sml(["--help"]),
      sml(["train", "--help"]),
      sml(["eval", "--help"]),
      sml(["--version"])
    ])
    assert.include(help.out, "train")
    assert.include(train.out, "--learning-rate")
    for (const flag of ["--device", "--schedule", "--lora-rank", "--lora-targets"]) {
      assert.include(train.out, flag)
    }
    assert.include(evaluation.out, "--device")
    assert.include(evaluation.out, "--eval-tasks")
    assert.match(version.out, /sml v\d+\.\d+\.\d+/)
    for (const { code, err } of [help, train, evaluation, version]) {
      assert.strictEqual(code, 0)
      assert.strictEqual(err, "")
    }
  })

  it("trains, keeps everything in a run folder and writes the results", async () => {
    const root = await folder()
    const json = join(root, "results.json")
    const ended = await sml(["train", ...tabular, "--runs", root, "--json", json])
    assert.strictEqual(ended.err, "")
    assert.strictEqual(ended.code, 0)
    assert.match(ended.out, /success@4/)
    assert.match(ended.out, /rollout \d+%, verification \d+%, gradient \d+%/)

    const run = (await readdir(root)).find((name) => name.includes("-math-"))
    const at = (name: string) => join(root, run ?? "", name)
    const names = ["config.json", "episodes.jsonl", "report.html", "final", "checkpoints"]
    assert.includeMembers(await readdir(at("")), names)
    const metrics = parseJsonLines(MetricsLine, await readFile(at("metrics.jsonl"), "utf8"))
    assert.deepStrictEqual(
      metrics.values.map((line) => line.step),
      [1, 2, 3, 4]
    )
    assert.deepStrictEqual(metrics.damaged, [])
    assert.include(ended.out, at("report.html"))
    assert.include(ended.out, at("final"))

    const results = Schema.decodeUnknownSync(Schema.fromJsonString(BeforeAfter))(
      await readFile(json, "utf8")
    )
    for (const summaries of [results.before, results.after]) {
      for (const domain of ["math", "code"]) {
        assert.strictEqual(summaries[domain]?.["success@1"]?.n, 6)
        assert.isDefined(summaries[domain]?.["strict-content-free/success@4"])
      }
    }
    assert.isAbove(results.seconds["train"] ?? 0, 0)
  })

  it("gives the same numbers for the same seed", async () => {
    const root = await folder()
    const files = [join(root, "a.json"), join(root, "b.json")]
    await Promise.all(
      files.map((json) => sml(["train", ...tabular, "--runs", root, "--json", json]))
    )
    const [left, right] = await Promise.all(
      files.map(async (file) =>
        Schema.decodeUnknownSync(Schema.fromJsonString(BeforeAfter))(await readFile(file, "utf8"))
      )
    )
    assert.deepStrictEqual(left?.before, right?.before)
    assert.deepStrictEqual(left?.after, right?.after)
  })

  it("Ctrl-C in mid-step keeps the finished steps and says how to go on", async () => {
    const root = await folder()
    const args = ["train", "--config", slowConfig, "--runs", root]
    let sent = false
    const ended = await sml(args, {
      during: (child, out) => {
        if (!sent && out.includes("step 1/1000")) {
          sent = true
          setTimeout(() => child.kill("SIGINT"), 150)
        }
      }
    })
    assertOneSentence(ended, /^interrupted after step \d+ of 1000; /, 130)
    const finished = Number(/after step (\d+)/.exec(ended.err)?.[1])
    const [run] = await readdir(root)
    const at = (name: string) => join(root, run ?? "", name)
    const metrics = parseJsonLines(MetricsLine, await readFile(at("metrics.jsonl"), "utf8"))
    assert.strictEqual(metrics.values.length, finished)
    assert.deepStrictEqual(metrics.damaged, [])
    const checkpoint = at(`checkpoints/step-${String(finished).padStart(6, "0")}`)
    assert.include(ended.err, `train --resume ${at("")}`.replace(/\/$/, ""))
    assert.isArray(await readdir(checkpoint))
  })

  describe.concurrent("ends in one sentence", () => {
    it("an unknown option or command", async () => {
      const [option, command] = await Promise.all([sml(["train", "--stpes", "4"]), sml(["tran"])])
      assertOneSentence(option, /^sml train: unknown option --stpes; did you mean --steps\?$/m)
      assertOneSentence(command, /^sml: unknown command tran; did you mean train\?$/m)
    })

    it("a value out of range, and its stack only on request", async () => {
      const [plain, debug] = await Promise.all([
        sml(["train", "--steps", "0"]),
        sml(["train", "--steps", "0", "--log-level", "debug"])
      ])
      assertOneSentence(plain, /^--steps is 0; expected a value greater than or equal to 1$/m)
      assert.match(debug.err, /\n\s+at /)
      assert.strictEqual(debug.code, 1)
    })

    it("a misspelt key in a configuration that lies anywhere", async () => {
      const file = join(await folder(), "sml.config.ts")
      await writeFile(
        file,
        `import { defineConfig } from "@sml/trainer"
         export default defineConfig({ learningrat: 1e-3 })`
      )
      assertOneSentence(
        await sml(["train", "--config", file]),
        /"learningrat" is not a known key; did you mean "learningRate"\?$/m
      )
    })

    it("a results file that could not be written, before any work", async () => {
      assertOneSentence(
        await sml(["train", ...tabular, "--json", "/no/such/folder/results.json"]),
        /^--json .*there is no folder \/no\/such\/folder; make it or choose another$/m
      )
    })

    it("a disk that is full after some steps, of which none is lost", async () => {
      const root = await folder()
      const ended = await sml(["train", "--config", fullConfig, "--runs", root])
      assertOneSentence(
        ended,
        /^cannot write the metrics .*: the disk is full, .*; the finished steps, 2, are kept in .*-math-.*, and .* train --resume .* goes on from there$/m
      )
      const [run] = await readdir(root)
      const text = await readFile(join(root, run ?? "", "metrics.jsonl"), "utf8")
      assert.lengthOf(parseJsonLines(MetricsLine, text).values, 2)
    })

    it("a place where no student can be written, before any work", async (context) => {
      if (process.platform !== "linux") context.skip("this system has no /proc")
      assertOneSentence(
        await sml(["pretrain", "--steps", "1", "--out", "/proc/no/such"]),
        /^cannot write the student in \/proc\/no\/such: .*$/m
      )
    })

    it("a read-only folder for the runs", async () => {
      const root = join(await folder(), "locked")
      await mkdir(root)
      await chmod(root, 0o555)
      // permissions do not bind the administrator
      const uid = process.getuid?.() === 0 ? { uid: 65534 } : {}
      assertOneSentence(
        await sml(["train", ...tabular, "--runs", join(root, "runs")], uid),
        /^cannot create a run in .*: it is read-only for this user, so choose another folder/m
      )
    })
  })
})
