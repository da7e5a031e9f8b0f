import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { expect, it } from "vitest"

import { writeExamples } from "../examples.mjs"

it("takes the fences of READMEs and docstrings, and leaves the marked ones alone", () => {
  const root = mkdtempSync(join(tmpdir(), "sml-examples-"))
  mkdirSync(join(root, "packages", "a", "src"), { recursive: true })
  mkdirSync(join(root, "apps"))
  const fence = "```"
  writeFileSync(
    join(root, "packages", "a", "README.md"),
    `# a\n${fence}ts\nimport assert from "node:assert"\nassert(true)\n${fence}\n${fence}ts no-run\nboom()\n${fence}\n`
  )
  writeFileSync(
    join(root, "packages", "a", "src", "A.ts"),
    `/**\n * @example\n * ${fence}ts\n * const x = 1\n * ${fence}\n */\nexport const y = 1\n`
  )
  expect(writeExamples(root)).toBe(2)
  const folder = join(root, "packages", "a", ".examples")
  const [readme, docstring] = readdirSync(folder).toSorted()
  expect(readme).toBe("README-md-2.test.ts")
  expect(readFileSync(join(folder, readme), "utf8")).toMatch(/^import assert from "node:assert"\n/)
  expect(readFileSync(join(folder, docstring), "utf8")).toContain("  const x = 1\n")
})
