import { readFileSync } from "node:fs"
import { join } from "node:path"

import { describe, expect, it } from "vitest"

import { faultsOf, importDirectionFaults, mayImport } from "../importDirections.mjs"

const root = join(import.meta.dirname, "..", "..")

describe("import directions", () => {
  it("holds in this workspace", () => {
    expect(importDirectionFaults(root)).toEqual([])
  })

  it("refuses an import that climbs to a higher floor", () => {
    const [fault] = faultsOf(
      "env-pomdp",
      "a.ts",
      'import { x } from "effect"\nimport { y } from "@sml/grpo-core"\n'
    )
    expect(fault).toMatch(
      /a\.ts:2 imports @sml\/grpo-core; @sml\/env-pomdp may import no @sml package/
    )
  })

  it("refuses reaching into another package", () => {
    expect(faultsOf(undefined, "a.ts", 'import "@sml/policy/internal/x"')).toHaveLength(1)
    expect(faultsOf(undefined, "a.ts", 'import "../../packages/policy/src/index.ts"')).toHaveLength(
      1
    )
  })

  it("sees types, dynamic imports and re-exports, and skips comments", () => {
    expect(faultsOf("tasks", "a.ts", 'import type { T } from "@sml/policy"')).toHaveLength(1)
    expect(faultsOf("tasks", "a.ts", 'await import("@sml/policy/Datum")')).toHaveLength(1)
    expect(faultsOf("tasks", "a.ts", 'export * from "@sml/policy"')).toHaveLength(1)
    expect(faultsOf("tasks", "a.ts", '/** import { x } from "@sml/policy" */')).toEqual([])
  })

  it("is a strict order: nobody may import who may import it", () => {
    for (const [name, allowed] of Object.entries(mayImport)) {
      for (const other of allowed) expect(mayImport[other]).not.toContain(name)
    }
  })

  it("agrees with the dependencies that the packages declare", () => {
    for (const [name, allowed] of Object.entries(mayImport)) {
      const file = join(root, "packages", name, "package.json")
      const declared = Object.keys(JSON.parse(readFileSync(file, "utf8")).dependencies ?? {})
      for (const dependency of declared.filter((entry) => entry.startsWith("@sml/"))) {
        expect(allowed).toContain(dependency.slice("@sml/".length))
      }
    }
  })
})
