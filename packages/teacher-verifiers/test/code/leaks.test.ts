import { readdirSync, readFileSync } from "node:fs"
import { tmpdir } from "node:os"

import { assert, describe, it } from "@effect/vitest"
import { JavaScriptSandbox, PythonSandbox } from "@sml/teacher-verifiers"
import * as Effect from "effect/Effect"

import { pythonWorks, unlessPython } from "./pythonStatus.ts"

// the 10,000 of each take some minutes: SML_LEAK_RUNS=10000 vitest run test/code/leaks.test.ts
const runs = Number(process.env.SML_LEAK_RUNS ?? 100)

/** The parent of a process; undefined where it has ended meanwhile. */
const parentOf = (pid: number): number | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1")
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1])
  } catch {
    return undefined
  }
}

/** Ids of the processes that this one has started, and of what they have started. */
const descendants = (): ReadonlySet<number> => {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name))
  const parents = new Map(pids.map((pid) => [Number(pid), parentOf(Number(pid))]))
  const found = new Set([process.pid])
  // a Set is walked on over what is added meanwhile
  for (const above of found) {
    for (const [pid, parent] of parents) if (parent === above) found.add(pid)
  }
  return found
}

/** What a process can leave behind. */
const held = () => ({
  descriptors: readdirSync("/proc/self/fd").length,
  threads: readdirSync("/proc/self/task").length,
  processes: descendants().size,
  files: readdirSync(tmpdir()).filter((name) => name.startsWith("sml-python-")).length
})

/** Asserts that the second is no more than the first; a descriptor or thread may be Node's own. */
const assertNothingLeft = (before: ReturnType<typeof held>, after: ReturnType<typeof held>) => {
  assert.strictEqual(after.processes, before.processes)
  assert.strictEqual(after.files, before.files)
  assert.isAtMost(after.descriptors, before.descriptors + 2)
  assert.isAtMost(after.threads, before.threads + 2)
}

/** Good ones, and others that leave processes, files and threads behind or end at once. */
const pythonPrograms = [
  ["pass", "def f(x): return x * 2"],
  ["pass", "def f(x):\n    open('/tmp/left', 'w').write('x')\n    return x * 2"],
  ["error", "import os\ndef f(x): os._exit(0)"],
  [
    "pass",
    "import os, time\ndef f(x):\n    if os.fork() == 0:\n        os.setsid(); time.sleep(99)\n    return x * 2"
  ],
  [
    "pass",
    "import threading, time\ndef f(x):\n    threading.Thread(target=time.sleep, args=(99,), daemon=True).start()\n    return x * 2"
  ]
] as const

const javaScriptPrograms = [
  ["pass", "const f = (x) => x * 2"],
  ["error", "const f = (x) => { throw new Error(x) }"],
  ["unsupported", "const f = (x) => new Proxy({}, {})"],
  ["pass", "const kept = []; const f = (x) => { kept.push(new Array(1000).fill(x)); return x * 2 }"]
] as const

const verifyAll = Effect.fnUntraced(function* <E, R>(
  programs: ReadonlyArray<readonly [verdict: string, code: string]>,
  verify: (code: string, x: number) => Effect.Effect<{ readonly verdict: string }, E, R>
) {
  const wrong = yield* Effect.forEach(
    Array.from({ length: runs }, (_, index) => index),
    (index) => {
      const [expected, code] = programs[index % programs.length] ?? ["", ""]
      return Effect.map(verify(code, index), ({ verdict }) => (verdict === expected ? 0 : 1))
    },
    { concurrency: 8 }
  )
  assert.strictEqual(
    wrong.reduce<number>((sum, each) => sum + each, 0),
    0
  )
})

const callsOf = (x: number) =>
  ({ kind: "calls", calls: [{ fn: "f", args: [x], expected: x * 2 }] }) as const

describe("after many runs nothing is left", () => {
  for (const fork of [true, false]) {
    it.skipIf(!pythonWorks)(
      `of Python, fork: ${fork}${unlessPython}`,
      async () => {
        const before = held()
        const programs = verifyAll(pythonPrograms, (code, x) =>
          Effect.flatMap(PythonSandbox, (sandbox) =>
            sandbox.verify({
              code,
              language: "python",
              preamble: "",
              tests: callsOf(x),
              seed: x
            })
          )
        )
        await Effect.runPromise(Effect.provide(programs, PythonSandbox.layer({ fork })))
        assertNothingLeft(before, held())
      },
      1_800_000
    )
  }

  it("of JavaScript", async () => {
    const before = held()
    const programs = verifyAll(javaScriptPrograms, (code, x) =>
      Effect.flatMap(JavaScriptSandbox, (sandbox) =>
        sandbox.verify({
          code,
          language: "javascript",
          preamble: "",
          tests: callsOf(x),
          seed: x
        })
      )
    )
    await Effect.runPromise(Effect.provide(programs, JavaScriptSandbox.layer()))
    assertNothingLeft(before, held())
  }, 1_800_000)
})
