import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { benches } from "@sml/bench/benches"
import { Report } from "@sml/bench/Report"
import * as Schema from "effect/Schema"
import { afterAll, describe, expect, it } from "vitest"

const main = join(import.meta.dirname, "..", "src", "main.ts")
const folder = mkdtempSync(join(tmpdir(), "sml-bench-test-"))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

const bench = (...parameters: ReadonlyArray<string>) =>
  spawnSync(process.execPath, [main, ...parameters], { encoding: "utf8" })

describe("pnpm bench", () => {
  it("runs every benchmark at tiny sizes, and without Python the peers are not measured", () => {
    const file = join(folder, "out.json")
    const { status, stderr } = bench("--quick", "--json", file)
    expect(stderr).toContain(`[1/${benches.length}] matmul`)
    expect(status).toBe(0)
    const report = Schema.decodeUnknownSync(Schema.fromJsonString(Report))(
      readFileSync(file, "utf8")
    )
    const rows = report.rows.map((dated) => dated.row)
    expect([...new Set(rows.map((row) => row.bench))]).toEqual(benches.map(({ name }) => name))
    for (const row of rows) {
      // Python is run in a sandbox or not at all
      if (row.note?.includes("bubblewrap") === true) continue
      expect([row.bench, row.note]).toEqual([row.bench, undefined])
      expect(row.ours?.median).toBeGreaterThan(0)
      for (const peer of row.peers) expect(peer.note).toBe("not measured")
    }
  })

  it("goes on when a peer cannot be started", () => {
    const file = join(folder, "nopython.json")
    const python = join(folder, "no-python")
    const { status } = bench("--quick", "--only", "matmul", "--python", python, "--json", file)
    expect(status).toBe(0)
    expect(readFileSync(file, "utf8")).toContain("cannot be started")
  })

  it("refuses unknown options and names", () => {
    const option = bench("--fast")
    expect(option.status).not.toBe(0)
    expect(option.stderr + option.stdout).toContain("--fast")
    const name = bench("--only", "trian")
    expect(name.status).not.toBe(0)
    expect(name.stderr).toMatch(/^there is no benchmark "trian"; choose among [^\n]*\n$/)
  })
})
