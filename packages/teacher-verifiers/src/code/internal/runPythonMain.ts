/** Whole Python programs: text in on stdin, text out on stdout. */
import * as Effect from "effect/Effect"

import { SandboxError } from "../JavaScriptSandbox.ts"
import type { StdioTest } from "../ProgramTests.ts"
import { sameOutput } from "../sameOutput.ts"
import { cleanText } from "./cleanText.ts"
import { encodeValue } from "./PythonFrame.ts"
import type { PythonOutcome } from "./PythonOutcome.ts"
import { endingFailure, readOutcome } from "./PythonOutcome.ts"
import type { PythonWorkshop, Source } from "./PythonWorkshop.ts"
import {
  assemble,
  diagnose,
  inShuffledOrder,
  integer,
  judge,
  list,
  maximumShown,
  millisSince,
  text
} from "./PythonWorkshop.ts"

/** The input lies in the sandbox's memory. */
const maximumInput = 4 * 2 ** 20

const runOnce = Effect.fnUntraced(function* (
  workshop: PythonWorkshop,
  source: Source,
  input: Buffer
) {
  const [whole, lead] = assemble(source)
  const process = yield* workshop.take
  const request = list(
    text(whole),
    { type: "bytes", text: input.toString("base64") },
    integer(lead)
  )
  const reply = yield* process.ask("M", encodeValue(request))
  const ending = yield* process.finished
  // how a program leaves is its own affair: what counts is what it has printed
  const hasLeft = reply._tag === "Ended" && ending.reason === "left" && ending.code === 0
  const isSpoilt = ending.reason === "protocol" || ending.reason === "flood"
  const outcome: PythonOutcome = hasLeft
    ? { _tag: "Value", value: { type: "null" }, payload: Buffer.alloc(0) }
    : isSpoilt
      ? endingFailure(ending, workshop.limits)
      : readOutcome(reply, workshop.limits)
  return { outcome, stdout: process.stdout }
})

/** A fresh process for each case. */
export const runPythonMain = Effect.fnUntraced(function* (
  workshop: PythonWorkshop,
  source: Source,
  cases: ReadonlyArray<StdioTest>
) {
  let stdout = ""
  const results = yield* inShuffledOrder(cases, source.seed, (test, index) =>
    Effect.scoped(
      Effect.gen(function* () {
        const input = Buffer.from(test.input)
        if (input.length > maximumInput) {
          return yield* new SandboxError({
            reason: `A test's input has ${input.length} bytes; a Python program can read ${maximumInput}.`
          })
        }
        const start = performance.now()
        const run = yield* runOnce(workshop, source, input)
        if (index === 0) stdout = run.stdout
        return {
          ...judge(run.outcome, () => sameOutput(run.stdout, test.output)),
          call: cleanText(test.input, maximumShown),
          expected: cleanText(test.output, maximumShown),
          got: cleanText(run.stdout, maximumShown),
          millis: millisSince(start)
        }
      })
    )
  )
  return diagnose(results, stdout)
})
