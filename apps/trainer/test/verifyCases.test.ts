import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { afterAll, assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"

import { Progress } from "../src/Progress.ts"
import { Screen } from "../src/Screen.ts"
import { verifyCases } from "../src/verifyCases.ts"

const made: Array<string> = []

const fileOf = async (text: string) => {
  const folder = await mkdtemp(join(tmpdir(), "sml-cases-"))
  made.push(folder)
  const file = join(folder, "cases.jsonl")
  await writeFile(file, text)
  return file
}

afterAll(() => Promise.all(made.map((path) => rm(path, { recursive: true, force: true }))))

const Doubled = Schema.Struct({ id: Schema.String, from: Schema.Int, to: Schema.Int })

const verified = async (text: string, concurrency = 1) => {
  const file = await fileOf(text)
  const printed: Array<string> = []
  const counts = await Effect.runPromise(
    verifyCases({
      file,
      schema: Doubled,
      concurrency,
      judge: ({ from, to }) =>
        Effect.succeed({ verdict: from * 2 === to ? "equal" : "different", from })
    }).pipe(
      Effect.provide(
        Layer.mergeAll(NodeFileSystem.layer, Screen.layerCollect(printed), Progress.layerSilent)
      )
    )
  )
  const lines: ReadonlyArray<Record<string, unknown>> = printed.map((line) => JSON.parse(line))
  return { counts, lines }
}

describe("verifyCases", () => {
  it("judges every case, and gives a bad one a verdict of its own", async () => {
    const { counts, lines } = await verified(
      [
        `{"id":"a","from":1,"to":2}`,
        "",
        `{"id":"b","from":1}`,
        "nonsense \u001b[31m",
        `{"id":"c","from":2,"to":2}`
      ].join("\n")
    )
    assert.deepStrictEqual(
      lines.map(({ id, verdict }) => [id, verdict]),
      [
        ["a", "equal"],
        ["b", "invalid"],
        [null, "invalid"],
        ["c", "different"]
      ]
    )
    assert.deepStrictEqual(
      lines.map(({ line }) => line),
      [undefined, 3, 4, undefined]
    )
    assert.match(String(lines[1]?.["reason"]), /line 3 of .*cases\.jsonl is not a case: .*to/)
    assert.notInclude(String(lines[2]?.["reason"]), "\u001b")
    assert.deepStrictEqual(Object.fromEntries(counts), { equal: 1, invalid: 2, different: 1 })
    for (const line of lines) assert.isNumber(line["ms"])
  })

  it("reads a line that lies over the borders of what is read at once, and a last line without an end", async () => {
    const padding = " ".repeat(200_000)
    const { lines } = await verified(
      `{"id":"long",${padding}"from":1,"to":2}\r\n{"id":"é","from":3,"to":6}`,
      4
    )
    assert.deepStrictEqual(
      lines.map(({ id, verdict }) => `${String(id)} ${String(verdict)}`).toSorted(),
      ["long equal", "é equal"]
    )
  })

  it("says in a sentence that the file is not there", async () => {
    const failure = await Effect.runPromise(
      verifyCases({
        file: "/nowhere/cases.jsonl",
        schema: Doubled,
        concurrency: 1,
        judge: () => Effect.succeed({ verdict: "equal" })
      }).pipe(
        Effect.flip,
        Effect.provide(
          Layer.mergeAll(NodeFileSystem.layer, Screen.layerCollect([]), Progress.layerSilent)
        )
      )
    )
    assert.match(
      failure.message,
      /^cannot read the cases .*nowhere.*it does not exist, so check the path/i
    )
  })
})
