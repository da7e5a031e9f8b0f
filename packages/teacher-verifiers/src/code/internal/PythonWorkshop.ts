/** What every way of testing a Python program needs. */
import { mixSeed, uniformStream } from "@sml/env-pomdp"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

import { SandboxError } from "../JavaScriptSandbox.ts"
import type { PlainValue } from "../PlainValue.ts"
import type { ProgramDiagnostics, TestResult } from "../ProgramDiagnostics.ts"
import { showPlainValue } from "../showPlainValue.ts"
import { cleanText } from "./cleanText.ts"
import { encodeValue } from "./PythonFrame.ts"
import type { NamedLimits, PythonOutcome } from "./PythonOutcome.ts"
import { endingFailure, readOutcome } from "./PythonOutcome.ts"
import type { PythonProcess } from "./PythonProcess.ts"

/** Longest call, expected value or value in a diagnosis. */
export const maximumShown = 1000
const maximumStdout = 10_000

/** Processes of one's own, which are gone when the scope closes. */
export interface PythonWorkshop {
  readonly take: Effect.Effect<PythonProcess, SandboxError, Scope.Scope>
  readonly limits: NamedLimits
}

/** A student's program, as far as it is run. */
export interface Source {
  readonly code: string
  readonly preamble: string
  readonly seed: number
}

export const text = (value: string): PlainValue => ({ type: "string", text: value })
export const integer = (value: number): PlainValue => ({ type: "integer", text: String(value) })
export const list = (...items: ReadonlyArray<PlainValue>): PlainValue => ({ type: "list", items })

/** Encodes what a task says; fails where that can not be done. */
export const encoded = (value: () => PlainValue): Effect.Effect<Buffer, SandboxError> =>
  Effect.try({
    try: () => encodeValue(value()),
    catch: (error) =>
      new SandboxError({
        reason: `The tests cannot be handed to the program: ${error instanceof Error ? error.message : String(error)}`
      })
  })

/** The program with what stands before it, and how many lines that is. */
export const assemble = ({ code, preamble }: Source): readonly [source: string, lead: number] => {
  if (preamble === "") return [code, 0]
  const before = preamble.endsWith("\n") ? preamble : `${preamble}\n`
  return [before + code, before.split("\n").length - 1]
}

/** Loads the program into a process. */
export const loadProgram = (
  { limits }: PythonWorkshop,
  process: PythonProcess,
  source: Source
): Effect.Effect<PythonOutcome> => {
  const [whole, lead] = assemble(source)
  const request = encodeValue(list(text("program"), text(whole), integer(lead)))
  return Effect.map(process.ask("P", request), (reply) => readOutcome(reply, limits))
}

/** `0 .. count - 1` in an order that the seed decides. */
const shuffled = (count: number, seed: number): ReadonlyArray<number> => {
  const random = uniformStream(mixSeed(seed, count))
  return Array.from({ length: count }, (_, index) => [random(), index] as const)
    .toSorted(([left], [right]) => left - right)
    .map(([, index]) => index)
}

/** Runs the tests in a shuffled order; gives the results in the order of the task. */
export const inShuffledOrder = Effect.fnUntraced(function* <A, E, R>(
  tests: ReadonlyArray<A>,
  seed: number,
  run: (test: A, index: number) => Effect.Effect<TestResult, E, R>
) {
  const results: Array<TestResult | undefined> = tests.map(() => undefined)
  for (const index of shuffled(tests.length, seed)) {
    const test = tests[index]
    if (test !== undefined) results[index] = yield* run(test, index)
  }
  return results.filter((each) => each !== undefined)
})

/** The verdict on an outcome, when `isRight` judges values. */
export const judge = (
  outcome: PythonOutcome,
  isRight: (value: PlainValue) => boolean
): Pick<TestResult, "error" | "got" | "verdict"> =>
  outcome._tag === "Failure"
    ? { verdict: outcome.verdict, got: null, error: outcome.error }
    : { verdict: isRight(outcome.value) ? "pass" : "fail", got: show(outcome.value), error: null }

/** A value as Python writes it. */
export const show = (value: PlainValue): string => showPlainValue(value, "python", maximumShown)

/** Milliseconds since `performance.now()` gave `start`. */
export const millisSince = (start: number): number =>
  Math.round((performance.now() - start) * 1000) / 1000

/** The whole from its parts: the verdict is that of the first test that does not pass. */
export const diagnose = (tests: ReadonlyArray<TestResult>, stdout: string): ProgramDiagnostics => ({
  kind: "program",
  language: "python",
  verdict: tests.find((each) => each.verdict !== "pass")?.verdict ?? "pass",
  tests,
  stdout: cleanText(stdout, maximumStdout)
})

/**
 * Waits until all that the student's process has said is here, and puts the whole together. A process that
 * said more than it was asked for, or too much, has passed nothing.
 */
export const conclude = Effect.fnUntraced(function* (
  { limits }: PythonWorkshop,
  process: PythonProcess,
  results: ReadonlyArray<TestResult>
) {
  const ending = yield* process.finished
  const { stdout } = process
  if (ending.reason !== "protocol" && ending.reason !== "flood") return diagnose(results, stdout)
  const { error, verdict } = endingFailure(ending, limits)
  return diagnose(
    results.map((each) =>
      each.verdict === "pass" || each.verdict === "fail" ? { ...each, verdict, error } : each
    ),
    stdout
  )
})
