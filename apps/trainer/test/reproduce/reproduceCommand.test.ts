import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

import * as NodeServices from "@effect/platform-node/NodeServices"
import { afterAll, assert, describe, it } from "@effect/vitest"
import type { Cell } from "@sml/trainer/reproduce/Cell"
import { CellRunner } from "@sml/trainer/reproduce/CellRunner"
import { CellStore } from "@sml/trainer/reproduce/CellStore"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

import { tinySettings } from "../support/reproductionCells.ts"
import { sml } from "../support/sml.ts"

const made: Array<string> = []

const folder = async () => {
  const path = await mkdtemp(join(tmpdir(), "sml-reproduce-"))
  made.push(path)
  return path
}

afterAll(() => Promise.all(made.map((path) => rm(path, { recursive: true, force: true }))))

const sum = (numbers: ReadonlyArray<number> = []) =>
  numbers.reduce((total, number) => total + number, 0)

describe.concurrent("sml reproduce", () => {
  it("has help", async () => {
    const { code, err, out } = await sml(["reproduce", "--help"])
    assert.strictEqual(code, 0)
    assert.strictEqual(err, "")
    for (const flag of ["--quick", "--seeds", "--cells", "--report-only"]) assert.include(out, flag)
  })

  it("refuses what cannot be", async () => {
    const cases = [
      [["--seeds", "0"], /^--seeds is 0; expected a value of at least 1\n$/],
      [["--jobs", "-1"], /^--jobs is -1; expected/],
      [["--eval-tasks", "0"], /^--eval-tasks is 0; expected/],
      [["--sedes", "3"], /unknown option --sedes; did you mean --seeds\?/],
      [["--seeds", "many"], /--seeds/],
      [["--out", "/dev/null/docs"], /the report cannot be written to \/dev\/null\/docs/]
    ] as const
    const ended = await Promise.all(cases.map(([args]) => sml(["reproduce", ...args])))
    for (const [index, { code, err }] of ended.entries()) {
      assert.notStrictEqual(code, 0)
      assert.match(err, cases[index]![1])
      assert.notMatch(err, /\n\s+at /)
    }
  })

  it("writes the report of what is finished, which is nothing yet", async () => {
    const root = await folder()
    const { code, out } = await sml([
      "reproduce",
      "--report-only",
      "--quick",
      "--cells",
      join(root, "cells"),
      "--out",
      join(root, "docs")
    ])
    assert.strictEqual(code, 0)
    assert.include(out, "1. inconclusive")
    const markdown = await readFile(join(root, "docs", "reproduction-quick.md"), "utf8")
    assert.include(markdown, "- cells: 0 of 14 finished")
    const page = await readFile(join(root, "docs", "reproduction-quick.html"), "utf8")
    assert.include(page, "</html>")
  })

  it("runs a real cell in a process of its own: trains, measures and keeps it", async () => {
    const settings = { ...tinySettings, tasks: 4, sftTasks: 24, evalTasks: 12 }
    const root = await folder()
    const cell: Cell = { method: "q-priming-grpo", trained: "code", seed: 17 }
    const shares: Array<number> = []
    const found = await Effect.gen(function* () {
      const runner = yield* CellRunner
      yield* runner.run(cell, (share) => Effect.sync(() => shares.push(share)))
      return yield* (yield* CellStore).find(cell)
    }).pipe(
      Effect.provide([
        CellRunner.layerProcess({ root, settings, threads: 1 }),
        CellStore.layer(root, settings)
      ]),
      Effect.provide(NodeServices.layer),
      Effect.runPromise
    )
    const { counts, curve, measured } = Option.getOrThrow(found)
    assert.strictEqual(counts["dialogues"], 24 * settings.sftSamples)
    assert.ok((counts["turns replaced"] ?? 0) > 0)
    assert.strictEqual(curve.filter(({ step }) => step !== undefined).length, settings.steps)
    for (const domain of ["math", "code"]) {
      const first = measured[domain]?.["informative"]?.["success@1"]
      const last = measured[domain]?.["informative"]?.["success@10"]
      assert.strictEqual(sum(first?.denominators), settings.evalTasks)
      assert.ok(sum(last?.numerators) >= sum(first?.numerators))
      const losses = measured[domain]?.["probe"]?.["loss@1"]
      assert.ok(sum(losses?.numerators) > 0)
      assert.isDefined(measured[domain]?.["underspecified"]?.["premature@1"])
    }
    assert.strictEqual(shares.at(-1), 1)
  })

  it("says of a cell that cannot be run which one it was and why", async () => {
    const cell: Cell = { method: "grpo", trained: "math", seed: 17 }
    // a group of one has no advantages
    const settings = { ...tinySettings, group: 1, evalTasks: 5 }
    const error = await CellRunner.pipe(
      Effect.flatMap((runner) => Effect.flip(runner.run(cell, () => Effect.void))),
      Effect.provide(CellRunner.layerProcess({ root: await folder(), settings, threads: 1 })),
      Effect.provide(NodeServices.layer),
      Effect.runPromise
    )
    assert.match(error.message, /^The cell grpo-math-17 was not finished: .*groupSize/)
  })
})
