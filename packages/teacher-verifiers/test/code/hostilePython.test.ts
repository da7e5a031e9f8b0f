import { readdirSync, readFileSync } from "node:fs"
import { tmpdir } from "node:os"

import { assert, describe, it } from "@effect/vitest"
import { PythonSandbox } from "@sml/teacher-verifiers"
import * as Effect from "effect/Effect"

import { hostilePythonPrograms, quickPythonPrograms } from "./hostile/pythonPrograms.ts"
import { pythonWorks, unlessPython } from "./pythonStatus.ts"
import { sandboxChildren } from "./sandboxChildren.ts"

/** Command lines of all processes, those of zombies empty. */
const commandLines = (): ReadonlyArray<string> =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")
      } catch {
        // it has ended meanwhile
        return ""
      }
    })

/** Names of this machine's abstract unix sockets. */
const abstractSockets = (): ReadonlyArray<string> =>
  readFileSync("/proc/net/unix", "utf8")
    .split("\n")
    .flatMap((line) => line.split(" ").filter((word) => word.startsWith("@")))

// both ways of starting: all programs with PYTHON_HOSTILE=all, which takes 20 s
const ways = [
  { fork: true, programs: hostilePythonPrograms },
  {
    fork: false,
    programs: process.env.PYTHON_HOSTILE === "all" ? hostilePythonPrograms : quickPythonPrograms
  }
]

describe.skipIf(!pythonWorks)(`hostile Python programs${unlessPython}`, () => {
  it.each(ways)("are contained, fork: $fork", async ({ fork, programs }) => {
    const filesBefore = readdirSync(tmpdir()).filter((name) => name.startsWith("sml-hostile"))
    const judge = Effect.gen(function* () {
      const sandbox = yield* PythonSandbox
      return yield* Effect.forEach(
        programs,
        ({ code, name, verdicts }) =>
          Effect.map(
            sandbox.verify({
              code,
              language: "python",
              preamble: "",
              seed: 7,
              tests: {
                kind: "calls",
                calls: [
                  { fn: "f", args: [3], expected: 10 },
                  { fn: "f", args: [7], expected: 50 }
                ]
              }
            }),
            ({ tests, verdict }) => ({
              name,
              isRight: verdicts.includes(verdict),
              verdict,
              says: tests.map((test) => test.error?.message ?? test.got)
            })
          ),
        { concurrency: 4 }
      )
    })
    const limits = { cpuSeconds: 1, timeMillis: 1500, parallel: 4, fork }
    const results = await Effect.runPromise(Effect.provide(judge, PythonSandbox.layer(limits)))
    assert.deepStrictEqual(
      results.filter((each) => !each.isRight),
      []
    )
    assert.strictEqual(results.length, programs.length)
    // and outside nothing is left of them
    assert.deepStrictEqual(
      commandLines().filter((line) => line.includes("12345")),
      []
    )
    assert.strictEqual(sandboxChildren().length, 0)
    const filesAfter = readdirSync(tmpdir()).filter((name) => name.startsWith("sml-hostile"))
    assert.deepStrictEqual(filesAfter, filesBefore)
    assert.notInclude(abstractSockets(), "@sml")
  })
})
