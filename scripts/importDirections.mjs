// Imports run one way: what each package may import, the floors of the house. A fault is one
// sentence with file and line.
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join, relative } from "node:path"

/** Package → packages that its sources may import. */
export const mayImport = {
  "env-pomdp": [],
  policy: [],
  "onnx-autodiff": [],
  tasks: ["env-pomdp"],
  "teacher-verifiers": ["env-pomdp"],
  "language-model": ["env-pomdp", "policy"],
  "openai-compatible": [],
  "policy-onnx": ["policy", "language-model", "onnx-autodiff"],
  "model-server": ["env-pomdp", "policy", "language-model", "policy-onnx"],
  "grpo-core": ["env-pomdp", "policy"],
  "offline-sft": ["env-pomdp", "policy"],
  "q-priming": ["env-pomdp", "policy", "teacher-verifiers"],
  "eval-harness": ["env-pomdp", "tasks"],
  "run-store": ["env-pomdp", "policy"],
  "nano-student": [
    "env-pomdp",
    "policy",
    "onnx-autodiff",
    "tasks",
    "teacher-verifiers",
    "language-model",
    "policy-onnx",
    "grpo-core",
    "offline-sft",
    "q-priming",
    "eval-harness",
    "run-store"
  ]
}

const specifier = /(?:from|import)\s*\(?\s*"([^"]+)"/g

/** Faults of one source text. `owner` is a package's folder name, or undefined for an app. */
export const faultsOf = (owner, file, text) => {
  const faults = []
  // examples in docstrings are for callers, who stand above
  const code = text.replaceAll(/\/\*[\s\S]*?\*\//g, (comment) => comment.replaceAll(/[^\n]/g, " "))
  for (const match of code.matchAll(specifier)) {
    const [, scoped, rest] = /^@sml\/([^/]+)(.*)$/.exec(match[1]) ?? []
    const line = code.slice(0, match.index).split("\n").length
    if (scoped === undefined) {
      if (match[1].includes("/packages/")) {
        faults.push(`${file}:${line} imports ${match[1]} by path; import it by its package name.`)
      }
      continue
    }
    if (rest.startsWith("/internal")) {
      faults.push(`${file}:${line} reaches into ${match[1]}; use the package's public surface.`)
    }
    if (owner !== undefined && scoped !== owner && !mayImport[owner].includes(scoped)) {
      const allowed = mayImport[owner].map((name) => `@sml/${name}`).join(", ") || "no @sml package"
      faults.push(`${file}:${line} imports @sml/${scoped}; @sml/${owner} may import ${allowed}.`)
    }
  }
  return faults
}

/** Faults of all sources below one folder. */
const folderFaults = (root, owner, source) => {
  const faults = []
  if (!existsSync(source)) return faults
  for (const entry of readdirSync(source, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith(".ts")) continue
    const path = join(entry.parentPath, entry.name)
    faults.push(...faultsOf(owner, relative(root, path), readFileSync(path, "utf8")))
  }
  return faults
}

/** Faults of the whole workspace. Apps and the benchmark may import every package. */
export const importDirectionFaults = (root) => {
  const faults = []
  for (const group of ["packages", "apps"]) {
    for (const name of readdirSync(join(root, group)).toSorted()) {
      const owner = group === "packages" ? name : undefined
      if (owner !== undefined && mayImport[owner] === undefined) {
        faults.push(`packages/${name} has no floor; add it to scripts/importDirections.mjs.`)
        continue
      }
      faults.push(...folderFaults(root, owner, join(root, group, name, "src")))
    }
  }
  faults.push(...folderFaults(root, undefined, join(root, "bench", "src")))
  return faults
}
