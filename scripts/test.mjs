// Runs every test of the workspace: the packages' own, and the examples of READMEs and docstrings.
import { spawnSync } from "node:child_process"
import { availableParallelism } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

import { writeExamples } from "./examples.mjs"

const root = join(dirname(fileURLToPath(import.meta.url)), "..")
writeExamples(root)
const vitest = join(root, "node_modules", "vitest", "vitest.mjs")
const report = join(root, ".ci", "report.json")
const result = spawnSync(
  process.execPath,
  [
    vitest,
    "run",
    // it leaves a core free unless it is told
    `--maxWorkers=${availableParallelism()}`,
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
    ...process.argv.slice(2)
  ],
  { cwd: root, stdio: "inherit" }
)
process.exit(result.status ?? 1)
