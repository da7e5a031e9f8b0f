/** The trusted side of verifying JavaScript: says what to run, and compares what comes back. */
import { mixSeed, uniformStream } from "@sml/env-pomdp"
import * as Effect from "effect/Effect"

import type { JavaScriptProgram } from "../JavaScriptProgram.ts"
import { plainFromJson } from "../plainFromJson.ts"
import type { PlainValue } from "../PlainValue.ts"
import type { ProgramDiagnostics, TestResult } from "../ProgramDiagnostics.ts"
import type { ProgramTests } from "../ProgramTests.ts"
import { sameOutput } from "../sameOutput.ts"
import { samePlainValue } from "../samePlainValue.ts"
import { SandboxError } from "../SandboxError.ts"
import { showPlainValue } from "../showPlainValue.ts"
import { cleanText } from "./cleanText.ts"
import { plainFromWire, wireFromJson } from "./PlainWire.ts"
import type { ProgramFailure, ProgramJob, ProgramOutcome } from "./ProgramReply.ts"
import { failure } from "./ProgramReply.ts"
import type { ProgramThreads, Tested } from "./ProgramThreads.ts"

const maximumShown = 1000
const maximumMessage = 500
const maximumStdout = 10_000

/** What the threads need to know of the tests: nothing that is expected. */
const jobOf = (tests: ProgramTests): ProgramJob => {
  switch (tests.kind) {
    case "calls":
      return {
        kind: "calls",
        calls: tests.calls.map(({ args, fn }) => ({ fn, args: wireFromJson(args) }))
      }
    case "stdio":
      return { kind: "stdio", inputs: tests.cases.map(({ input }) => input) }
    default:
      return tests
  }
}

const testCount = (tests: ProgramTests): number => {
  switch (tests.kind) {
    case "calls":
      return tests.calls.length
    case "stdio":
      return tests.cases.length
    case "check":
      return 1
    default:
      return tests.asserts.length
  }
}

/** `0 .. count - 1` in an order that the seed decides. */
const shuffled = (count: number, seed: number): ReadonlyArray<number> => {
  const random = uniformStream(mixSeed(seed, count))
  return Array.from({ length: count }, (_, index) => [random(), index] as const)
    .toSorted(([left], [right]) => left - right)
    .map(([, index]) => index)
}

/** A test's part of a result that does not depend on how it went. */
const heading = (
  tests: ProgramTests,
  index: number,
  show: (value: PlainValue) => string
): Pick<TestResult, "call" | "expected"> => {
  switch (tests.kind) {
    case "calls": {
      const call = tests.calls[index]
      if (call === undefined) break
      return {
        call: showCall(
          call.fn,
          call.args.map((each) => show(plainFromJson(each, "javascript")))
        ),
        expected: show(plainFromJson(call.expected, "javascript"))
      }
    }
    case "stdio": {
      const test = tests.cases[index]
      if (test === undefined) break
      return {
        call: cleanText(test.input, maximumShown),
        expected: cleanText(test.output, maximumShown)
      }
    }
    case "check":
      return { call: cleanText(`check(${tests.entry})`, maximumShown), expected: null }
    case "asserts":
      return { call: cleanText((tests.asserts[index] ?? "").trim(), maximumShown), expected: null }
  }
  return { call: "", expected: null }
}

const showCall = (fn: string, args: ReadonlyArray<string>): string =>
  cleanText(`${fn}(${args.join(", ")})`, maximumShown)

/** In JavaScript a bigint is not a number; only where numbers have no more digits may it stand for one. */
const hasSmallBigint = (value: PlainValue): boolean => {
  switch (value.type) {
    case "integer":
      return Number.isSafeInteger(Number(value.text))
    case "list":
    case "set":
      return value.items.some(hasSmallBigint)
    case "dict":
      return value.entries.some(([key, each]) => hasSmallBigint(key) || hasSmallBigint(each))
    default:
      return false
  }
}

type Judged = Pick<TestResult, "error" | "got" | "verdict"> &
  Partial<Pick<TestResult, "call" | "expected">>

const failed = ({ error, verdict }: ProgramFailure, got: string | null = null): Judged => ({
  verdict,
  got,
  error: {
    type: cleanText(error.type, 100).replaceAll("\n", " "),
    message: cleanText(error.message, maximumMessage),
    line: error.line
  }
})

const undecodable = failure("error", "ProtocolError", "sent something that is no value")

const notRun = (why: ProgramFailure["verdict"]): ProgramFailure =>
  failure(why, "NotRun", "was not run, as an earlier test went over the limits")

/** Verifies a program: one verdict for each test, in the order of the task. */
export const verifyJavaScript = Effect.fnUntraced(function* (
  threads: ProgramThreads,
  program: JavaScriptProgram
) {
  const { code, language, preamble, seed, tests } = program
  const show = (value: PlainValue) => showPlainValue(value, language, maximumShown)
  const showWire = (wire: string | null): string | null => {
    const value = wire === null ? undefined : plainFromWire(wire)
    return value === undefined ? null : show(value)
  }

  const judgeExam = (outcome: Extract<ProgramOutcome, { readonly _tag: "Examined" }>): Judged => {
    const got = showWire(outcome.got)
    if (outcome.isPassed)
      return { verdict: "pass", got: tests.kind === "check" ? null : got, error: null }
    const args = outcome.call === null ? undefined : plainFromWire(outcome.call.args)
    const place =
      tests.kind === "check" && outcome.call !== null && args?.type === "list"
        ? { call: showCall(outcome.call.fn, args.items.map(show)) }
        : {}
    const expected = showWire(outcome.expected)
    const rest = outcome.failure
    // an assertion's words say less than what it compared
    const isPlainFail =
      rest === null ||
      (rest.verdict === "fail" &&
        (rest.error.type === "AssertionError" || outcome.expected !== null))
    return isPlainFail
      ? { verdict: "fail", got, expected, error: null, ...place }
      : { ...failed(rest, got), ...place, expected: rest.verdict === "fail" ? expected : null }
  }

  const judge = (index: number, outcome: ProgramOutcome, stdout: string): Judged => {
    switch (outcome._tag) {
      case "Value": {
        const value = plainFromWire(outcome.wire)
        const call = tests.kind === "calls" ? tests.calls[index] : undefined
        if (value === undefined || call === undefined) return failed(undecodable)
        const isRight = !hasSmallBigint(value) && samePlainValue(value, call.expected, program)
        return { verdict: isRight ? "pass" : "fail", got: show(value), error: null }
      }
      case "Output": {
        const test = tests.kind === "stdio" ? tests.cases[index] : undefined
        const isRight = test !== undefined && sameOutput(stdout, test.output)
        return {
          verdict: isRight ? "pass" : "fail",
          got: cleanText(stdout, maximumShown),
          error: null
        }
      }
      case "Examined":
        return judgeExam(outcome)
      case "Failure":
        return failed(outcome, tests.kind === "stdio" ? cleanText(stdout, maximumShown) : null)
      default:
        return failed(undecodable)
    }
  }

  const order = shuffled(testCount(tests), seed)
  const tested = yield* threads.verify({ language, preamble, code, job: jobOf(tests), order })
  for (const { outcome } of tested.values()) {
    if (outcome._tag === "Unusable") {
      return yield* new SandboxError({
        reason: `The tests cannot be run: ${cleanText(outcome.reason, maximumMessage)}`
      })
    }
  }
  const results: Array<TestResult> = []
  let stdout = ""
  let stopped: ProgramFailure["verdict"] | undefined
  for (let index = 0; index < order.length; index++) {
    const test: Tested | undefined = stopped === undefined ? tested.get(index) : undefined
    const judged =
      test === undefined
        ? failed(notRun(stopped ?? "error"))
        : judge(index, test.outcome, test.stdout)
    if (stdout.length <= maximumStdout) stdout += test?.stdout ?? ""
    if (
      judged.verdict === "timeout" ||
      judged.verdict === "memory" ||
      judged.verdict === "output-limit"
    ) {
      stopped ??= judged.verdict
    }
    results.push({
      ...heading(tests, index, show),
      ...judged,
      millis: Math.round((test?.millis ?? 0) * 1000) / 1000
    })
  }
  const diagnostics: ProgramDiagnostics = {
    kind: "program",
    language,
    verdict: results.find((each) => each.verdict !== "pass")?.verdict ?? "pass",
    tests: results,
    stdout: cleanText(stdout, maximumStdout)
  }
  return diagnostics
})
