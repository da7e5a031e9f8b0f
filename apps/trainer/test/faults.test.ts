import { spawnSync } from "node:child_process"
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { MetricsLine, parseJsonLines } from "@sml/run-store"

import { sml, type Ended } from "./support/sml.ts"

const fixture = (name: string) => fileURLToPath(import.meta.resolve(`./fixtures/${name}.config.ts`))
const faulty = fixture("faulty")

const patience = 180_000

let root = ""
const mounted: Array<string> = []
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "sml-faults-"))
})
afterAll(async () => {
  for (const path of mounted) spawnSync("umount", [path])
  await rm(root, { recursive: true, force: true })
})

const train = (directory: string, fault: string, more: ReadonlyArray<string> = []) =>
  sml(["train", "--config", faulty, "--out", directory, ...more], { env: { FAULT: fault } })

const resume = (directory: string) => sml(["train", "--resume", directory])

const stepsOf = async (directory: string) => {
  const text = await readFile(join(directory, "metrics.jsonl"), "utf8")
  const { damaged, values } = parseJsonLines(MetricsLine, text)
  assert.deepStrictEqual(damaged, [])
  return values.map(({ step }) => step)
}

const assertOneSentence = ({ code, err }: Ended, sentence: RegExp) => {
  assert.match(err, sentence)
  assert.strictEqual(err.trimEnd().split("\n").length, 1, err)
  assert.strictEqual(code, 1)
}

/** The run ends when what was wrong is put right, with every step once. */
const assertGoesOn = async (directory: string) => {
  const ended = await resume(directory)
  assert.strictEqual(ended.err, "")
  assert.strictEqual(ended.code, 0)
  assert.deepStrictEqual(await stepsOf(directory), [1, 2, 3, 4, 5, 6])
  return readFile(join(directory, "final", "model.safetensors"))
}

describe.concurrent("a training that meets a fault", () => {
  it(
    "stops in a sentence when the engine's thread dies, and goes on with the same bits",
    async () => {
      const whole = join(root, "whole")
      const broken = join(root, "thread")
      const [first, ended] = await Promise.all([train(whole, ""), train(broken, "thread-dies")])
      assert.strictEqual(first.err, "")
      assertOneSentence(
        ended,
        /The engine's thread has stopped \(it exited with code 1\).*; the finished steps, \d+, are kept in .*train --resume .* goes on/
      )
      assert.isAtLeast((await stepsOf(broken)).length, 1)
      const weights = await readFile(join(whole, "final", "model.safetensors"))
      assert.isTrue(weights.equals(await assertGoesOn(broken)))
    },
    patience
  )

  it(
    "loses a dialogue, no more, to a verifier that hangs",
    async () => {
      const directory = join(root, "verifier")
      const ended = await train(directory, "verifier-hangs", ["--steps", "2"])
      assert.strictEqual(ended.err, "")
      assert.strictEqual(ended.code, 0)
      const episodes = await readFile(join(directory, "episodes.jsonl"), "utf8")
      const failed = episodes.split("\n").filter((line) => line.includes(`"failure":`))
      assert.lengthOf(failed, 1)
      assert.include(failed[0], "the verifier has not answered for 3 s")
      assert.deepStrictEqual(await stepsOf(directory), [1, 2])
    },
    patience
  )

  it(
    "stops in a sentence when the teacher is down",
    async () => {
      const directory = join(root, "teacher")
      const ended = await train(directory, "teacher-down")
      assertOneSentence(
        ended,
        /^the teacher failed in \d+ of the 24 dialogues of step \d and answered in none: the teacher at http:\/\/127\.0\.0\.1:1 cannot be reached; the finished steps, \d+, are kept in/
      )
      assert.isAtLeast((await stepsOf(directory)).length, 1)
    },
    patience
  )

  it(
    "stops in a sentence that says what it waited for when the engine hangs",
    async () => {
      const directory = join(root, "engine")
      const ended = await train(directory, "engine-hangs")
      assertOneSentence(
        ended,
        /the engine has not finished the optimiser's step for 15 s; .*2, are/
      )
      assert.deepStrictEqual(await stepsOf(directory), [1, 2])
      await assertGoesOn(directory)
    },
    patience
  )

  it(
    "stops in a sentence when the disk is full, and goes on when there is room",
    async (context) => {
      const directory = join(root, "full")
      await mkdir(directory)
      const mount = spawnSync("mount", ["-t", "tmpfs", "-o", "size=9m", "tmpfs", directory])
      if (mount.status !== 0) context.skip("a small disk can be mounted by root only")
      mounted.push(directory)
      const run = join(directory, "run")
      const ended = await train(run, "")
      assertOneSentence(ended, /(disk is full|no space left|ENOSPC).*train --resume .* goes on/)
      const finished = await stepsOf(run)
      assert.isAtLeast(finished.length, 1)
      spawnSync("mount", ["-o", "remount,size=64m", directory])
      await assertGoesOn(run)
    },
    patience
  )

  it(
    "makes the folder of its checkpoints again when it disappears",
    async () => {
      const directory = join(root, "gone")
      let removed = false
      const ended = await sml(["train", "--config", fixture("small"), "--out", directory], {
        during: (_child, out) => {
          if (removed || !out.includes("step 1/6")) return
          removed = true
          void rm(join(directory, "checkpoints"), { recursive: true, force: true })
        }
      })
      assert.isTrue(removed)
      assert.strictEqual(ended.err, "")
      assert.strictEqual(ended.code, 0)
      assert.include(await readdir(join(directory, "checkpoints")), "step-000006")
    },
    patience
  )

  it(
    "refuses a folder that is read-only or holds something else, before any work",
    async () => {
      const locked = join(root, "locked")
      const other = join(root, "other")
      await Promise.all([mkdir(locked), mkdir(other)])
      await writeFile(join(other, "thesis.txt"), "mine")
      await chmod(locked, 0o555)
      await chmod(root, 0o755)
      // permissions do not bind the administrator
      const uid = process.getuid?.() === 0 ? { uid: 65534 } : {}
      const [readOnly, occupied, file] = await Promise.all([
        sml(["train", "--config", faulty, "--out", join(locked, "run")], uid),
        train(other, ""),
        train(join(other, "thesis.txt"), "")
      ])
      assertOneSentence(readOnly, /^cannot create a run in .*: it is read-only for this user/)
      assertOneSentence(occupied, /it holds thesis\.txt already, so choose another folder/)
      assertOneSentence(file, /thesis\.txt/)
      assert.deepStrictEqual(await readdir(other), ["thesis.txt"])
      assert.strictEqual(await readFile(join(other, "thesis.txt"), "utf8"), "mine")
    },
    patience
  )
})
