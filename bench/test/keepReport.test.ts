import { mkdtemp, readdir, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

import * as NodeServices from "@effect/platform-node/NodeServices"
import { keepReport } from "@sml/bench/keepReport"
import { machineName, type Report } from "@sml/bench/Report"
import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"

type Machine = Readonly<Record<string, string>>

const report = (machine: Machine, bench: string, median: number): Report => ({
  machine: { ...machine, memory: "1 GiB", system: "x" },
  rows: [
    {
      measured: "2026-01-01 10:00",
      row: {
        bench,
        title: bench,
        unit: "tokens/s",
        ours: { median, low: median, high: median, repetitions: 1 },
        peers: [],
        goals: []
      }
    }
  ]
})

const vectors = "vector instructions"
const xeon = {
  processor: "Intel(R) Xeon(R) Processor, 2 cores",
  [vectors]: "fma avx avx2 avx512f amx_tile",
  threads: "2"
}
// two generations under one name
const epyc = { processor: "AMD EPYC, 2 cores", [vectors]: "fma avx avx2 avx512f", threads: "2" }
const older = { ...epyc, [vectors]: "fma avx avx2" }

const nameOf = (machine: Machine) => machineName(report(machine, "", 0))

describe("keepReport", () => {
  it("keeps each machine's rows, and leads from one page to the others", async () => {
    const folder = await mkdtemp(join(tmpdir(), "sml-bench-"))
    const keep = (fresh: Report) =>
      Effect.runPromise(Effect.provide(keepReport(fresh, folder), NodeServices.layer))
    const page = () => readFile(join(folder, "benchmarks.md"), "utf8")
    const aside = async () =>
      (await readdir(join(folder, "results"))).filter((name) => name !== "engine.json")
    try {
      await keep(report(epyc, "train/nano", 111))
      await keep(report(epyc, "grpo/nano", 222))
      expect(await page()).toContain("111")
      expect(await page()).not.toContain("On other machines")
      await keep(report(xeon, "train/nano", 333))
      expect(await page()).toContain("(results/benchmarks-amd-epyc-2-cores-avx512-2-threads.md)")
      expect(await page()).not.toContain("222")
      const there = join(folder, "results", "benchmarks-amd-epyc-2-cores-avx512-2-threads.md")
      expect(await readFile(there, "utf8")).toContain("222")
      // its namesake has no row of it
      await keep(report(older, "verify/math", 555))
      expect(await page()).not.toContain("111")
      expect(await page()).not.toContain("222")
      // back on the first machine
      await keep(report(epyc, "train/nano", 444))
      expect(await page()).toContain("444")
      expect(await page()).toContain("222")
      expect(await page()).not.toContain("111")
      expect(await aside()).toEqual([
        "benchmarks-amd-epyc-2-cores-avx2-2-threads.md",
        "benchmarks-intel-xeon-processor-2-cores-avx512-2-threads.md",
        "engine-amd-epyc-2-cores-avx2-2-threads.json",
        "engine-intel-xeon-processor-2-cores-avx512-2-threads.json"
      ])
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it("names machines as files can be named", () => {
    expect(nameOf(xeon)).toBe("intel-xeon-processor-2-cores-avx512-2-threads")
    expect(nameOf(epyc)).toBe("amd-epyc-2-cores-avx512-2-threads")
    expect(nameOf(older)).toBe("amd-epyc-2-cores-avx2-2-threads")
    expect(nameOf({ ...epyc, threads: "1" })).toBe("amd-epyc-2-cores-avx512-1-threads")
  })
})
