import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

import * as NodeServices from "@effect/platform-node/NodeServices"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { uniformStream } from "@sml/env-pomdp"
import { readChatTokenizer, readCheckpoint } from "@sml/language-model"
import { checkpointDirectory } from "@sml/nano-student/checkpointDirectory"
import { MetricsLine, parseJsonLines } from "@sml/run-store"
import * as Effect from "effect/Effect"

import type { Ended } from "./support/sml.ts"
import { sml } from "./support/sml.ts"

const made: Array<string> = []

/** A folder that is gone after the tests. */
const folder = async () => {
  const path = await mkdtemp(join(tmpdir(), "sml-sft-"))
  made.push(path)
  return path
}

afterAll(() => Promise.all(made.map((path) => rm(path, { recursive: true, force: true }))))

const spaced = (number: number): string => String(number).split("").join(" ")

/** A sum and its answer, as the embedded student writes them. */
const chatOf = (a: number, b: number): string =>
  JSON.stringify({
    messages: [
      { role: "user", content: `a = ${spaced(a)} . b = ${b} * 1 - 0 . c = a + b . find c .` },
      { role: "assistant", content: `answer: ${spaced(a + b)}` }
    ]
  })

/** A file of `count` chats; `more` are lines after them. */
const chats = async (count: number, more: ReadonlyArray<string> = []) => {
  const uniform = uniformStream(7)
  const whole = (least: number, most: number) => least + Math.floor(uniform() * (most - least + 1))
  const file = join(await folder(), "chats.jsonl")
  const lines = Array.from({ length: count }, () => chatOf(whole(11, 80), whole(1, 9)))
  await writeFile(file, `${[...lines, ...more].join("\n")}\n`)
  return file
}

const out = async () => join(await folder(), "out")

const assertOneSentence = ({ code, err }: Ended, sentence: RegExp, expected = 1) => {
  assert.match(err, sentence)
  assert.strictEqual(err.trimEnd().split("\n").length, 1, err)
  assert.strictEqual(code, expected)
}

const weights = (directory: string) =>
  Effect.runPromise(
    Effect.gen(function* () {
      yield* readChatTokenizer(directory)
      return (yield* readCheckpoint(directory)).tensors
    }).pipe(Effect.provide(NodeServices.layer))
  )

const metricsOf = async (directory: string) => {
  const lines = parseJsonLines(
    MetricsLine,
    await readFile(join(directory, "metrics.jsonl"), "utf8")
  )
  assert.deepStrictEqual(lines.damaged, [])
  return lines.values
}

describe.concurrent("sml sft", () => {
  it("learns from chats, measures the held-out ones and leaves a model behind", async () => {
    const data = await chats(120)
    const directory = await out()
    const flags = ["--epochs", "2", "--learning-rate", "1e-3", "--threads", "1", "--batch", "8"]
    const ended = await sml(["sft", "--data", data, "--out", directory, ...flags])
    assert.strictEqual(ended.err, "")
    assert.strictEqual(ended.code, 0)
    assert.include(ended.out, `weights: ${join(directory, "final")}`)
    const losses = (await metricsOf(directory)).flatMap((line) => line["holdout/loss"] ?? [])
    assert.lengthOf(losses, 2)
    const [first] = await metricsOf(directory)
    assert.isBelow(Math.min(...losses.map(Number)), Number(first?.["holdout/initial_loss"]))
    const trained = await weights(join(directory, "final"))
    const before = await weights(checkpointDirectory)
    assert.deepStrictEqual([...trained.keys()].toSorted(), [...before.keys()].toSorted())
    const name = "model.embed_tokens.weight"
    assert.notDeepEqual(trained.get(name), before.get(name))

    // the same command, the same bits
    const again = await out()
    await sml(["sft", "--data", data, "--out", again, ...flags])
    assert.deepStrictEqual(await weights(join(again, "final")), trained)
  })

  it("keeps the best weights and stops when the held-out loss rises", async () => {
    const directory = await out()
    const flags = [
      "--epochs",
      "50",
      "--patience",
      "2",
      "--lora-rank",
      "2",
      "--learning-rate",
      "0.03"
    ]
    const ended = await sml(["sft", "--data", await chats(60), "--out", directory, ...flags])
    assert.strictEqual(ended.code, 0, ended.err)
    assert.match(ended.out, /\d+ of \d+ steps \(stopped early\)/)
    const lines = await metricsOf(directory)
    const measured = lines.filter((line) => line["holdout/loss"] !== undefined)
    assert.deepStrictEqual(
      measured.slice(-2).map((line) => line["holdout/improved"]),
      [false, false]
    )
    assert.include(await readdir(join(directory, "final")), "adapter")
  })

  it("Ctrl-C keeps the weights of the finished steps", async () => {
    const directory = await out()
    let sent = false
    const args = ["--batch", "1", "--epochs", "1000", "--holdout", "0", "--threads", "1"]
    const ended = await sml(["sft", "--data", await chats(100), "--out", directory, ...args], {
      during: (child, text) => {
        // a line of progress, of which there is one every two seconds
        if (!sent && text.includes("tokens/s")) {
          sent = true
          child.kill("SIGINT")
        }
      }
    })
    assertOneSentence(ended, /^interrupted after step \d+ of \d+; its weights are in .*final/, 130)
    const step = Number(/after step (\d+)/.exec(ended.err)?.[1])
    assert.lengthOf(await metricsOf(directory), step)
    assert.isAbove((await weights(join(directory, "final"))).size, 0)
  })

  it("leaves out and tells what repeats, and what is too long", async () => {
    const again = chatOf(50, 5)
    const long = JSON.stringify({
      messages: [
        { role: "user", content: "find c . ".repeat(200) },
        { role: "assistant", content: "answer: 3 3" }
      ]
    })
    const data = await chats(20, [again, again, "", long])
    const ended = await sml(["sft", "--data", data, "--out", await out(), "--steps", "1"])
    assert.strictEqual(ended.code, 0, ended.err)
    assert.match(ended.out, /left out: +1 that are too long, the first in line 24/)
    assert.match(ended.out, /left out: +\d+ that repeat another chat/)
    assert.match(ended.out, /1 of 1 steps/)
  })

  describe.concurrent("ends in one sentence", () => {
    const cases: ReadonlyArray<readonly [string, string, RegExp]> = [
      ["a line that is not JSON", "{", /chats\.jsonl:4: this is not JSON/],
      [
        "a chat without an answer",
        JSON.stringify({ messages: [{ role: "user", content: "hi" }] }),
        /chats\.jsonl:4: no message is the assistant's/
      ]
    ]
    it.each(cases)("%s, with file and line", async (_name, line, sentence) => {
      const directory = await out()
      const ended = await sml(["sft", "--data", await chats(3, [line]), "--out", directory])
      assertOneSentence(ended, sentence)
      // nothing is begun, so that the corrected command finds the folder free
      assert.notInclude(await readdir(join(directory, "..")), "out")
    })

    it("a file that is not there, options that cannot act", async () => {
      const data = await chats(3)
      const directory = await out()
      const [missing, idle, range, alike] = await Promise.all([
        sml(["sft", "--data", "/no/such.jsonl", "--out", directory]),
        sml(["sft", "--data", data, "--out", directory, "--holdout", "0", "--patience", "2"]),
        sml(["sft", "--data", data, "--out", directory, "--batch", "0"]),
        sml(["sft", "--data", await chats(1), "--out", directory])
      ])
      assertOneSentence(missing, /^cannot read the chats in \/no\/such\.jsonl: it does not exist/)
      assertOneSentence(idle, /^--patience does nothing without a holdout; give a --holdout/)
      assertOneSentence(range, /^--batch is 0; expected a value greater than or equal to 1$/m)
      assertOneSentence(alike, /^--holdout needs chats that begin differently, .*--holdout 0$/m)
    })

    it("a folder that holds something", async () => {
      const directory = await folder()
      await writeFile(join(directory, "notes.txt"), "mine")
      assertOneSentence(
        await sml(["sft", "--data", await chats(3), "--out", directory]),
        /^cannot create a run in .*: it holds notes\.txt already/
      )
    })
  })
})
