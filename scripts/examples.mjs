// Turns the ```ts fences of READMEs and docstrings into test files, so that every example is
// type-checked and run. A fence that says ```ts no-run is left alone.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync, existsSync } from "node:fs"
import { join, relative } from "node:path"

const fence = /^```ts\s*\n([\s\S]*?)^```/gm
const importStatement = /^import\s[\s\S]*?from\s+"[^"]+"\s*$|^import\s+"[^"]+"\s*$/gm
const exportStatement = /^export /gm

const sources = (folder) =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
        .map((entry) => join(entry.parentPath, entry.name))
        .toSorted()
    : []

/** The text of every docstring of a source file, with line numbers kept. */
const docstrings = (text) => {
  const lines = text.split("\n").map(() => "")
  for (const match of text.matchAll(/\/\*\*[\s\S]*?\*\//g)) {
    const first = text.slice(0, match.index).split("\n").length - 1
    match[0].split("\n").forEach((line, index) => {
      lines[first + index] = line.replace(/^\s*(\/\*\*|\*\/|\*) ?/, "")
    })
  }
  return lines.join("\n")
}

const testFile = (title, code) => {
  const imports = [...code.matchAll(importStatement)].map((match) => match[0])
  const body = code.replace(importStatement, "").replace(exportStatement, "").trim()
  return [
    ...imports,
    `import { it as exampleTest } from "vitest"`,
    "",
    `exampleTest(${JSON.stringify(title)}, async () => {`,
    body
      .split("\n")
      .map((line) => (line === "" ? "" : `  ${line}`))
      .join("\n"),
    "})",
    ""
  ].join("\n")
}

/** Writes `.examples/*.test.ts` of one folder's README and sources; returns their number. */
const writeFolder = (folder) => {
  const target = join(folder, ".examples")
  rmSync(target, { recursive: true, force: true })
  let count = 0
  for (const file of [join(folder, "README.md"), ...sources(join(folder, "src"))]) {
    if (!existsSync(file)) continue
    const raw = readFileSync(file, "utf8")
    const text = file.endsWith(".ts") ? docstrings(raw) : raw
    for (const match of text.matchAll(fence)) {
      const path = relative(folder, file)
      const line = text.slice(0, match.index).split("\n").length
      const base = path.replaceAll(/[^A-Za-z0-9]+/g, "-")
      mkdirSync(target, { recursive: true })
      writeFileSync(
        join(target, `${base}-${line}.test.ts`),
        testFile(`example of ${path}:${line}`, match[1])
      )
      count++
    }
  }
  return count
}

/** Writes the examples of the front page and of every package; returns their number. */
export const writeExamples = (root) => {
  const folders = ["packages", "apps"].flatMap((group) =>
    readdirSync(join(root, group))
      .toSorted()
      .map((name) => join(root, group, name))
  )
  return [root, ...folders, join(root, "bench")].reduce(
    (count, folder) => count + writeFolder(folder),
    0
  )
}
