import { benches } from "@sml/bench/benches"
import { renderReport } from "@sml/bench/renderReport"
import { mergeReports, type Report } from "@sml/bench/Report"
import { type Row, timesGoal } from "@sml/bench/Row"
import { describe, expect, it } from "vitest"

const machine = { processor: "a", memory: "1 GiB", system: "x", threads: "2" }
const row = (bench: string, median: number): Row => ({
  bench,
  title: `${bench} | title`,
  unit: "tokens/s",
  ours: { median, low: median, high: median, repetitions: 1 },
  peers: [{ peer: "TRL", note: "not measured" }],
  goals: []
})
const report = (rows: ReadonlyArray<Row>, processor = "a"): Report => ({
  machine: { ...machine, processor },
  rows: rows.map((each) => ({ measured: "2026-01-01 10:00", row: each }))
})
const names = ["matmul", "train/nano", "grpo/nano"]
const benchesOf = ({ rows }: Report) =>
  rows.map((dated) => [dated.row.bench, dated.row.ours?.median])

describe("mergeReports", () => {
  it("replaces what was measured again and keeps the rest, in the order of the benchmarks", () => {
    const old = report([row("train/nano", 1), row("grpo/nano", 2), row("gone", 3)])
    const fresh = report([row("grpo/nano", 5), row("matmul", 4)])
    expect(benchesOf(mergeReports(old, fresh, names))).toEqual([
      ["matmul", 4],
      ["train/nano", 1],
      ["grpo/nano", 5]
    ])
  })

  it("drops the rows of another machine", () => {
    const old = report([row("train/nano", 1)], "b")
    expect(benchesOf(mergeReports(old, report([row("matmul", 4)]), names))).toEqual([["matmul", 4]])
  })
})

/** Without the padding of columns. */
const compact = (page: string): string => page.replaceAll(/ +/g, " ")

describe("the page", () => {
  const measured: Row = {
    ...row("train/nano", 3),
    peers: [
      {
        peer: "TRL",
        measurement: { median: 2, low: 1, high: 3, repetitions: 3 },
        ratio: 1.5
      }
    ]
  }

  it("says which goals are met, which are not and which were not measured", () => {
    const goals = [
      timesGoal(measured, "TRL", 1.5),
      timesGoal(measured, "TRL", 2),
      timesGoal(row("grpo/nano", 1), "TRL", 2)
    ]
    expect(goals.map(({ met }) => met)).toEqual([true, false, undefined])
    const page = compact(renderReport(report([{ ...measured, goals }])))
    expect(page).toContain("| ≥ 1.5 × | 1.50 × | met |")
    expect(page).toContain("| ≥ 2 × | 1.50 × | **not met** |")
    expect(page).toContain("| ≥ 2 × | not measured | not measured |")
  })

  it("has a section for every benchmark", () => {
    const page = renderReport(report(benches.map(({ name }) => row(name, 1))))
    for (const { name } of benches) expect(page).toContain(String.raw`| ${name} \| title `)
  })

  it("shows numbers, ratios and reasons, and no bar breaks a cell", () => {
    const failed: Row = {
      bench: "grpo/nano",
      title: "t",
      unit: "",
      peers: [],
      goals: [],
      note: "why"
    }
    const page = compact(renderReport(report([measured, failed])))
    expect(page).toContain(String.raw`| train/nano \| title | 3 (3–3) | 2 (1–3), **1.50 ×** |`)
    expect(page).toContain("| t | why |")
  })
})
