import { assert, describe, it } from "@effect/vitest"
import type { ProgramTests, PythonSandboxOptions } from "@sml/teacher-verifiers"
import { PythonSandbox, statusSentence } from "@sml/teacher-verifiers"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"

import { pythonWorks, unlessPython } from "./pythonStatus.ts"
import { sandboxChildren } from "./sandboxChildren.ts"

const verify = (code: string, tests: ProgramTests, preamble = "", seed = 1) =>
  Effect.flatMap(PythonSandbox, (sandbox) =>
    sandbox.verify({ code, language: "python", preamble, tests, seed })
  )

const run = <A, E>(
  effect: Effect.Effect<A, E, PythonSandbox>,
  options: PythonSandboxOptions = {}
) => Effect.runPromise(Effect.provide(effect, PythonSandbox.layer({ warm: 1, ...options })))

const toCall = ([args, value]: readonly [ReadonlyArray<number>, number]) => ({
  fn: "f",
  args,
  expected: value
})

const calls = (
  ...expected: ReadonlyArray<readonly [args: ReadonlyArray<number>, value: number]>
) => {
  const [first = [[], 0] as const, ...rest] = expected
  return { kind: "calls", calls: [toCall(first), ...rest.map(toCall)] } as const
}

describe.skipIf(!pythonWorks)(`PythonSandbox${unlessPython}`, () => {
  it("compares the values of calls, in the order of the task", async () => {
    const { stdout, tests, verdict } = await run(
      verify(
        "def f(x, y):\n    print('asked', x)\n    return x / y\n",
        calls([[6, 2], 3], [[1, 0], 0], [[1, 3], 0.3333333333333333], [[1, 3], 0.3]),
        "import math\n"
      )
    )
    assert.strictEqual(verdict, "error")
    assert.deepStrictEqual(
      tests.map(({ millis, ...rest }) => {
        assert.isAbove(millis, 0)
        return rest
      }),
      [
        { verdict: "pass", call: "f(6, 2)", expected: "3", got: "3.0", error: null },
        {
          verdict: "error",
          call: "f(1, 0)",
          expected: "0",
          got: null,
          error: { type: "ZeroDivisionError", message: "division by zero", line: 3 }
        },
        {
          verdict: "pass",
          call: "f(1, 3)",
          expected: "0.3333333333333333",
          got: "0.3333333333333333",
          error: null
        },
        {
          verdict: "fail",
          call: "f(1, 3)",
          expected: "0.3",
          got: "0.3333333333333333",
          error: null
        }
      ]
    )
    assert.strictEqual(stdout.trim().split("\n").length, 4)
  })

  it("asks in an order that the seed decides", async () => {
    const code = "order = []\ndef f(x):\n    order.append(x)\n    print(x)\n    return 0"
    const tests = calls([[0], 0], [[1], 0], [[2], 0], [[3], 0], [[4], 0], [[5], 0])
    const orders = await run(
      Effect.forEach([1, 1, 2, 3], (seed) =>
        Effect.map(verify(code, tests, "", seed), ({ stdout }) => stdout.replaceAll("\n", ""))
      )
    )
    assert.strictEqual(orders[0], orders[1])
    assert.isAtLeast(new Set(orders).size, 3)
    for (const order of orders) assert.strictEqual(order.split("").toSorted().join(""), "012345")
  })

  it("carries values exactly", async () => {
    const values: ReadonlyArray<readonly [string, string]> = [
      ["2 ** 100", "1267650600228229401496703205376"],
      ["-(10 ** 5000)", `-1${"0".repeat(997)}…`],
      ["0.1 + 0.2", "0.30000000000000004"],
      ["-0.0", "-0.0"],
      ["1e300 * 1e10", "float('inf')"],
      ["1e16", "1e+16"],
      ["3 - 4j", "(3-4j)"],
      ["(1,)", "(1,)"],
      ["{'b': [None, True], 1: {2}}", "{'b': [None, True], 1: {2}}"],
      ["frozenset()", "frozenset()"],
      ["bytes([0, 65, 255])", "b'\\x00A\\xff'"],
      ["'\\ud800 \\U0001F600 é\\n'", "'\\ud800 😀 é\\n'"],
      ["__import__('collections').Counter('aab')", "{'a': 2, 'b': 1}"],
      ["__import__('collections').OrderedDict(a=1)", "{'a': 1}"]
    ]
    const got = await run(
      Effect.map(
        verify(
          `def f(i):\n    return [${values.map(([code]) => `lambda: ${code}`).join(", ")}][i]()`,
          calls(...values.map((_, index) => [[index], -1] as const))
        ),
        ({ tests }) => tests.map((test) => test.got)
      )
    )
    assert.deepStrictEqual(
      got,
      values.map(([, text]) => text)
    )
  })

  it("is deterministic", async () => {
    const code = `
import random, time, os
def f(x):
    return [hash('a'), random.random(), time.tzname[0], list({'x', 'y', 'z'}), os.environ.get('LANG')]`
    const runs = await run(
      Effect.forEach([1, 2], () =>
        Effect.map(verify(code, calls([[0], 0])), ({ tests }) => tests[0]?.got)
      )
    )
    assert.strictEqual(runs[0], runs[1])
    assert.include(runs[0], "'UTC'")
  })

  it("runs HumanEval's check beside the program", async () => {
    const check = {
      kind: "check",
      entry: "add",
      source:
        "def check(candidate):\n    for i in range(3):\n        assert candidate(i, y=1) == i + 1\n    assert 7 == candidate(3, 4), 'seven'\n    assert abs(candidate(0.1, 0.2) - 0.3) < 1e-6"
    } as const
    const prompt = 'def add(x, y):\n    """ Adds.\n    """\n'
    const verdicts = await run(
      Effect.forEach(
        [
          "    return x + y\n",
          "def add(x, y):\n    return x + y if x < 3 else 8\n",
          "    return 'x'\n",
          "    raise ValueError('no')\n",
          "    class Equal:\n        def __eq__(self, other): return True\n    return Equal()\n",
          "    exit(0)\n",
          "import builtins\nclass AssertionError(Exception): pass\nbuiltins.AssertionError = AssertionError\ndef check(c): pass\ndef add(x, y): return 9",
          "def add(x, y): return float('nan')"
        ],
        (code) =>
          Effect.map(verify(code, check, prompt), ({ tests, verdict }) => [
            verdict,
            ...tests.map(({ call, error, expected, got }) => ({ call, error, expected, got }))
          ])
      )
    )
    assert.deepStrictEqual(
      verdicts.map(([verdict]) => verdict),
      ["pass", "fail", "fail", "error", "unsupported", "error", "fail", "fail"]
    )
    assert.deepStrictEqual(verdicts[1]?.[1], {
      call: "assert 7 == candidate(3, 4), 'seven'",
      error: null,
      expected: "7",
      got: "8"
    })
    assert.deepStrictEqual(verdicts[3]?.[1], {
      call: "assert candidate(i, y=1) == i + 1",
      error: { type: "ValueError", message: "no", line: 1 },
      expected: null,
      got: null
    })
  })

  it("runs MBPP's assertions beside the program, each on its own", async () => {
    const asserts = {
      kind: "asserts",
      setup: "import math",
      asserts: [
        "assert set(f([1, 2, 2])) == set([1, 2])",
        "assert math.isclose(g(0.1), 0.2)",
        "assert sum(2, 3) == 6",
        "assert has('abc')"
      ]
    } as const
    const code = `
import re
def f(x): return tuple(set(x))
def g(x): return x + x
def sum(x, y): return x * y
def has(x): return re.search('b', x)`
    const right = await run(verify(code, asserts))
    assert.strictEqual(right.verdict, "pass")
    // a program can not replace what tests use
    const wrong = await run(
      verify(
        `${code}\ndef set(x): return 1\ndef f(x): return [3]\ndef has(x): return None`,
        asserts
      )
    )
    assert.deepStrictEqual(
      wrong.tests.map(({ expected, got, verdict }) => [verdict, expected, got]),
      [
        ["fail", "{1, 2}", "{3}"],
        ["pass", null, "0.2"],
        ["pass", null, "6"],
        ["fail", null, "None"]
      ]
    )
  })

  it("lets tests expect exceptions, and gives programs copies", async () => {
    const source = `
def check(candidate):
    try:
        candidate([])
    except IndexError as error:
        assert str(error) == 'pop from empty list'
    else:
        assert False
    mine = [1, 2]
    assert candidate(mine) == 2
    assert mine == [1, 2]`
    const { verdict } = await run(
      verify("def f(x): return x.pop()", { kind: "check", entry: "f", source })
    )
    assert.strictEqual(verdict, "pass")
    const callback = await run(
      verify("def f(x): return x(1)", {
        kind: "asserts",
        setup: "",
        asserts: ["assert f(lambda x: x) == 1"]
      })
    )
    assert.strictEqual(callback.verdict, "unsupported")
  })

  it("does not let a program's exceptions end a test early", async () => {
    const asserts = {
      kind: "asserts",
      setup: "",
      asserts: ["assert all(map(f, [1, 2]))", "assert list(map(f, [1])) == []"]
    } as const
    const verdicts = await run(
      Effect.forEach(["StopIteration", "AssertionError", "GeneratorExit", "SystemExit"], (type) =>
        Effect.map(verify(`def f(x): raise ${type}('x')`, asserts), ({ tests }) =>
          tests.map(({ error, verdict }) => `${verdict} ${error?.type}`)
        )
      )
    )
    assert.deepStrictEqual(verdicts, [
      ["error StopIteration", "error StopIteration"],
      ["error AssertionError", "error AssertionError"],
      ["error GeneratorExit", "error GeneratorExit"],
      ["error SystemExit", "error SystemExit"]
    ])
  })

  it("refuses tests that can not be run", async () => {
    const error = await run(
      Effect.flip(verify("def f(x): return 1", { kind: "check", entry: "f", source: "def check(" }))
    )
    assert.match(error.message, /^The tests cannot be run: SyntaxError/)
  })

  it("runs whole programs", async () => {
    const cases = {
      kind: "stdio",
      cases: [
        { input: "2\n1 2\n", output: "3\n" },
        { input: "1\n5\n", output: "5" }
      ]
    } as const
    const programs = {
      pass: [
        "input()\nprint(sum(map(int, input().split())))",
        "import sys\nif __name__ == '__main__':\n    data = sys.stdin.read().split()\n    print(' ', sum(map(int, data[1:])), '\\n')\n    exit()",
        "import os, sys\nsys.stdin.readline()\nprint(sum(map(int, sys.stdin.readline().split())), flush=True)\nos._exit(0)",
        "import threading\ndef main():\n    input()\n    print(sum(map(int, input().split())))\nthreading.Thread(target=main).start()"
      ],
      fail: ["print(3)", "", "print('3\\n5')", "import sys\nprint('3', file=sys.stderr)"],
      error: ["input()\nprint(sum(map(int, input().split())))\n1 / 0", "print("],
      timeout: ["while True: pass"],
      "output-limit": ["while True: print(1)"]
    }
    const judged = await run(
      Effect.forEach(Object.entries(programs), ([verdict, all]) =>
        Effect.map(
          Effect.forEach(all, (code) => verify(code, cases)),
          (got) => ({ verdict, got: got.map((each) => each.verdict) })
        )
      ),
      { cpuSeconds: 1 }
    )
    for (const { got, verdict } of judged) {
      assert.deepStrictEqual(
        got,
        got.map(() => verdict)
      )
    }
  })

  it("kills a program that is interrupted, and leaves no process", async () => {
    const start = performance.now()
    await run(
      Effect.gen(function* () {
        const fibers = yield* Effect.forEach([1, 2, 3, 4], () =>
          Effect.forkChild(verify("while True: pass", calls([[1], 1])))
        )
        yield* Effect.sleep("200 millis")
        for (const fiber of fibers) yield* Fiber.interrupt(fiber)
        assert.isAtMost(sandboxChildren().length, 1 + 1)
        const { verdict } = yield* verify("def f(x): return 1", calls([[1], 1]))
        assert.strictEqual(verdict, "pass")
      })
    )
    assert.isBelow(performance.now() - start, 2500)
    assert.strictEqual(sandboxChildren().length, 0)
  })

  it("runs a program again when the sandbox itself has ended", async () => {
    await run(
      Effect.gen(function* () {
        const code = "import time\ntime.sleep(0.5)\ndef f(x): return 1"
        const fiber = yield* Effect.forkChild(verify(code, calls([[1], 1])))
        yield* Effect.sleep("250 millis")
        for (const pid of sandboxChildren()) process.kill(pid, "SIGKILL")
        const { verdict } = yield* Fiber.join(fiber)
        assert.strictEqual(verdict, "pass")
      })
    )
    assert.strictEqual(sandboxChildren().length, 0)
  })

  it("refuses what can not wait", async () => {
    const results = await run(
      Effect.forEach(
        Array.from({ length: 6 }),
        () =>
          Effect.result(
            verify("import time\ntime.sleep(0.2)\ndef f(x): return 1", calls([[1], 1]))
          ),
        { concurrency: "unbounded" }
      ),
      { queue: 2, parallel: 2 }
    )
    const refused = results.filter((each) => each._tag === "Failure")
    assert.strictEqual(refused.length, 2)
    assert.match(refused[0]?.failure.message ?? "", /4 programs wait/)
  })

  it("says what it runs on", async () => {
    const status = await run(Effect.flatMap(PythonSandbox, (sandbox) => sandbox.status))
    assert.match(statusSentence(status), /^Python 3\.\d+\.\d+ runs in a sandbox of bubblewrap \d/)
  })
})

describe("PythonSandbox where it can not run", () => {
  it("refuses options out of range", async () => {
    const error = await Effect.runPromise(
      Effect.flip(Effect.provide(Effect.service(PythonSandbox), PythonSandbox.layer({ files: -1 })))
    )
    assert.match(error.message, /^The options of the Python sandbox cannot be used/)
  })

  it("says what to do in a sentence", () => {
    assert.include(statusSentence({ _tag: "missing-bubblewrap" }), "apt-get install bubblewrap")
    assert.include(statusSentence({ _tag: "missing-python" }), "apt-get install python3")
    assert.include(
      statusSentence({ _tag: "refused-namespaces", detail: "no" }),
      "kernel.unprivileged_userns_clone=1"
    )
  })
})
