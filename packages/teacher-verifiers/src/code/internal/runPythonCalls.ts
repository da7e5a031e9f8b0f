/** Calls of a Python program's functions, whose values are compared with JSON. */
import * as Effect from "effect/Effect"

import { plainFromJson } from "../plainFromJson.ts"
import type { CallTest } from "../ProgramTests.ts"
import type { SameOptions } from "../samePlainValue.ts"
import { samePlainValue } from "../samePlainValue.ts"
import { cleanText } from "./cleanText.ts"
import { readOutcome } from "./PythonOutcome.ts"
import type { PythonWorkshop, Source } from "./PythonWorkshop.ts"
import {
  assemble,
  conclude,
  encoded,
  inShuffledOrder,
  integer,
  judge,
  list,
  loadProgram,
  maximumShown,
  millisSince,
  show,
  text
} from "./PythonWorkshop.ts"

const showCall = ({ args, fn }: CallTest): string =>
  cleanText(
    `${fn}(${args.map((each) => show(plainFromJson(each, "python"))).join(", ")})`,
    maximumShown
  )

/** One process; the calls one at a time, each when the one before it was answered. */
export const runPythonCalls = Effect.fnUntraced(function* (
  workshop: PythonWorkshop,
  source: Source & SameOptions,
  calls: ReadonlyArray<CallTest>
) {
  const [, lead] = assemble(source)
  const tests = yield* Effect.forEach(calls, (call) =>
    Effect.map(
      encoded(() =>
        list(
          text(call.fn),
          list(...call.args.map((each) => plainFromJson(each, "python"))),
          { type: "dict", entries: [] },
          integer(lead)
        )
      ),
      (request) => ({ call, request })
    )
  )
  const process = yield* workshop.take
  const loaded = yield* loadProgram(workshop, process, source)
  const results = yield* inShuffledOrder(tests, source.seed, ({ call, request }) =>
    Effect.gen(function* () {
      const start = performance.now()
      const outcome =
        loaded._tag === "Failure"
          ? loaded
          : readOutcome(yield* process.ask("C", request), workshop.limits)
      return {
        ...judge(outcome, (value) => samePlainValue(value, call.expected, source)),
        call: showCall(call),
        expected: show(plainFromJson(call.expected, "python")),
        millis: millisSince(start)
      }
    })
  )
  return yield* conclude(workshop, process, results)
})
