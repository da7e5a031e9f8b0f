// Everything that reads the code without running it: types, lint (import directions included),
// formatting, dead code. Prints what failed and exits 1.
import { spawnSync } from "node:child_process"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

import { writeExamples } from "./examples.mjs"
import { importDirectionFaults } from "./importDirections.mjs"

const root = join(dirname(fileURLToPath(import.meta.url)), "..")
process.env.TURBO_TELEMETRY_DISABLED = "1"
writeExamples(root)

const failed = []
const run = (title, command, ...parameters) => {
  process.stdout.write(`— ${title}\n`)
  const result = spawnSync("pnpm", ["exec", command, ...parameters], {
    cwd: root,
    stdio: "inherit"
  })
  if (result.status !== 0) failed.push(title)
}

run("types", "turbo", "run", "check", "--output-logs=errors-only")
run("types of the front page's examples", "tsc", "-b", "tsconfig.examples.json")
run("lint", "oxlint", "--type-aware", "--deny-warnings")
run("format", "oxfmt", "--check")
run("dead code", "knip")

process.stdout.write("— import directions\n")
const faults = importDirectionFaults(root)
for (const fault of faults) process.stdout.write(`${fault}\n`)
if (faults.length > 0) failed.push("import directions")

process.stdout.write(failed.length === 0 ? "all clean\n" : `failed: ${failed.join(", ")}\n`)
process.exit(failed.length === 0 ? 0 : 1)
