/** What a command loads before it does anything. */
import { existsSync } from "node:fs"
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"

import { describe, expect, it } from "vitest"

import { sml } from "./support/sml.ts"

// names every module that the process loads
const listing = (file: string) => `
import { appendFileSync } from "node:fs"
import { registerHooks } from "node:module"
registerHooks({
  load(url, context, next) {
    appendFileSync(${JSON.stringify(file)}, url + "\\n")
    return next(url, context)
  }
})`

const loadedBy = async (args: ReadonlyArray<string>): Promise<ReadonlyArray<string>> => {
  const folder = await mkdtemp(join(tmpdir(), "sml-startup-"))
  try {
    const [hook, list] = [join(folder, "hook.mjs"), join(folder, "list.txt")]
    await writeFile(hook, listing(list))
    const options = `--import ${pathToFileURL(hook).href}`
    const { code } = await sml(args, { env: { NODE_OPTIONS: options } })
    expect(code).toBe(0)
    return (await readFile(list, "utf8")).trim().split("\n")
  } finally {
    await rm(folder, { recursive: true })
  }
}

const heavy =
  /node_modules\/(?:@redis|linkedom|@observablehq|undici|quickjs[^/]*)\/|onnxruntime_binding/

describe("a command loads", () => {
  it("its own modules, and no plotting, database client or engine before it is needed", async () => {
    const [config, train, all] = await Promise.all([
      loadedBy(["config", "--help"]),
      loadedBy(["train", "--help"]),
      loadedBy(["--help"])
    ])
    expect(config.some((url) => url.includes("configCommand"))).toBe(true)
    expect(config.some((url) => url.includes("trainCommand"))).toBe(false)
    expect(config.length).toBeLessThan(400)
    for (const loaded of [config, train, all]) {
      expect(loaded.filter((url) => heavy.test(url))).toEqual([])
    }
  })

  it("all subcommands for the help that lists them, for completions and for a word it does not know", async () => {
    const help = await sml(["--help"])
    const completions = await sml(["train", "--completions", "bash"])
    for (const name of ["train", "eval", "runs", "reproduce", "doctor"]) {
      expect(help.out).toMatch(new RegExp(`^  ${name} `, "m"))
      expect(completions.out).toContain(name)
    }
    const unknown = await sml(["doctro"])
    expect(unknown.code).not.toBe(0)
    expect(unknown.err).toContain("did you mean doctor?")
  })
})

const version = (HOME: string) => sml(["--version"], { env: { HOME, NODE_COMPILE_CACHE: "" } })

describe("what Node has compiled", () => {
  it("is kept below the home, and nowhere where there is none", async () => {
    const home = await mkdtemp(join(tmpdir(), "sml-home-"))
    try {
      expect((await version(home)).code).toBe(0)
      expect(await readdir(join(home, ".cache", "sml", "compile"))).toHaveLength(1)
      const absent = join(home, "absent")
      const others = await Promise.all([absent, "/dev/null", ""].map(version))
      expect(others.map(({ code, err }) => `${code} ${err}`)).toEqual(["0 ", "0 ", "0 "])
      expect(existsSync(absent)).toBe(false)
      expect(existsSync(".cache")).toBe(false)
    } finally {
      await rm(home, { recursive: true })
    }
  })
})
