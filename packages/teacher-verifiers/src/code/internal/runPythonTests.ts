/** Tests that are Python themselves, run beside the student's program and never with it. */
import * as Effect from "effect/Effect"

import { SandboxError } from "../JavaScriptSandbox.ts"
import type { PlainValue } from "../PlainValue.ts"
import type { TestResult } from "../ProgramDiagnostics.ts"
import { cleanText } from "./cleanText.ts"
import { decodeValue, encodeValue } from "./PythonFrame.ts"
import type { PythonFailure } from "./PythonOutcome.ts"
import { endingFailure, matchObject, pythonFailure, readOutcome, textOf } from "./PythonOutcome.ts"
import type { PythonProcess, Reply } from "./PythonProcess.ts"
import type { PythonWorkshop, Source } from "./PythonWorkshop.ts"
import {
  assemble,
  conclude,
  encoded,
  inShuffledOrder,
  integer,
  list,
  loadProgram,
  maximumShown,
  millisSince,
  show,
  text
} from "./PythonWorkshop.ts"

/**
 * - `check`: one source, which declares `check(candidate)`; `entry` is the candidate's name.
 * - `asserts`: sources that assert, each on its own, after `setup`.
 */
export interface PythonTests {
  readonly kind: "check" | "asserts"
  readonly setup: string
  readonly sources: ReadonlyArray<string>
  readonly entry: string
}

const nothing = encodeValue({ type: "null" })

/** What the examiner says of a test that did not pass. */
interface Complaint {
  /** The assertion's source, empty if it was not one. */
  readonly assertion: string
  /** Whether it was an assertion that failed, not something else that was raised. */
  readonly isAssertion: boolean
  readonly type: string
  readonly message: string
  readonly expected: string | null
  readonly got: string | null
}

/** A side of an equality, if there is one and it is plain. */
const shown = (each: PlainValue | undefined, isThere: PlainValue | undefined): string | null =>
  each !== undefined && isThere?.type === "boolean" && isThere.value ? show(each) : null

const readComplaint = (payload: Buffer): Complaint => {
  const value = decodeValue(payload)
  const items = value.type === "list" ? value.items : []
  const [assertion, isAssertion, type, message, has, expected, got] = items
  const [hasExpected, hasGot] = has?.type === "list" ? has.items : []
  return {
    assertion: cleanText(textOf(assertion), maximumShown),
    isAssertion: isAssertion?.type === "boolean" && isAssertion.value,
    type: textOf(type),
    message: textOf(message),
    expected: shown(expected, hasExpected),
    got: shown(got, hasGot)
  }
}

/**
 * Two processes: the student's, and the examiner's, which has the tests and gets nothing but plain data.
 * Here stands the messenger between them.
 */
export const runPythonTests = Effect.fnUntraced(function* (
  workshop: PythonWorkshop,
  source: Source,
  tests: PythonTests
) {
  const { limits } = workshop
  const { entry, kind, setup, sources } = tests
  const [, lead] = assemble(source)
  const label = (test: string) => (kind === "check" ? `check(${entry})` : test.trim())
  const begin = yield* encoded(() =>
    list(text(kind), text(source.preamble), text(setup), list(...sources.map(text)), text(entry))
  )
  const student = yield* workshop.take
  const loaded = yield* loadProgram(workshop, student, source)
  if (loaded._tag === "Failure") {
    return yield* conclude(
      workshop,
      student,
      sources.map((test) => ({
        verdict: loaded.verdict,
        call: cleanText(label(test), maximumShown),
        expected: null,
        got: null,
        error: loaded.error,
        millis: 0
      }))
    )
  }
  const examiner = yield* workshop.take
  const ready = yield* examiner.ask("X", begin)
  if (ready._tag === "Ended" || ready.kind !== "L") {
    const why = readOutcome(ready, limits)
    return yield* new SandboxError({
      reason: `The tests cannot be run: ${why._tag === "Failure" ? `${why.error.type}: ${why.error.message}` : "no answer"}`
    })
  }

  const results = yield* inShuffledOrder(sources, source.seed, (test, index) =>
    Effect.gen(function* () {
      const start = performance.now()
      const talk = yield* examine({ workshop, student, examiner, lead }, index)
      return { ...decide(talk, label(test), workshop), millis: millisSince(start) }
    })
  )
  return yield* conclude(workshop, student, results)
})

/** What was said about one test. */
interface Talk {
  /** By the examiner, in the end. */
  readonly reply: Reply
  /** The last value of the program. */
  readonly got: string | null
  /** What the program's last call raised, which the test may have expected. */
  readonly raised: PythonFailure | undefined
  /** Why the program can not be tested. */
  readonly broken: PythonFailure | undefined
}

interface Parties {
  readonly workshop: PythonWorkshop
  readonly student: PythonProcess
  readonly examiner: PythonProcess
  readonly lead: number
}

/** Runs one test: carries the examiner's calls to the student's process, and its values back. */
const examine = Effect.fnUntraced(function* (
  { examiner, lead, student, workshop }: Parties,
  index: number
) {
  let got: string | null = null
  let raised: PythonFailure | undefined
  let broken: PythonFailure | undefined
  let reply = yield* examiner.ask("T", encodeValue(integer(index)))
  while (reply._tag === "Frame" && (reply.kind === "Q" || reply.kind === "Y")) {
    raised = undefined
    const asked = decodeValue(reply.payload)
    if (reply.kind === "Y") {
      broken ??= pythonFailure("unsupported", "Unsupported", `is called with ${textOf(asked)}`)
      reply = yield* examiner.ask("S", nothing)
      continue
    }
    const request = list(...(asked.type === "list" ? asked.items : []), integer(lead))
    const answer = yield* student.ask("C", encodeValue(request))
    if (answer._tag === "Frame" && answer.kind === matchObject) {
      got = "a match object"
      reply = yield* examiner.ask(matchObject, nothing)
      continue
    }
    const outcome = readOutcome(answer, workshop.limits)
    if (outcome._tag === "Value") {
      got = show(outcome.value)
      reply = yield* examiner.ask("V", outcome.payload)
    } else if (outcome.verdict === "error" && !student.isEnded) {
      raised = outcome
      const { message, type } = outcome.error
      reply = yield* examiner.ask("R", encodeValue(list(text(type), text(message))))
    } else {
      broken ??= outcome
      reply = yield* examiner.ask("S", nothing)
    }
  }
  const talk: Talk = { reply, got, raised, broken }
  return talk
})

const decide = (
  { broken, got, raised, reply }: Talk,
  label: string,
  { limits }: PythonWorkshop
): Omit<TestResult, "millis"> => {
  const call = cleanText(label, maximumShown)
  const failed = (
    { error, verdict }: PythonFailure,
    assertion = call
  ): Omit<TestResult, "millis"> => ({
    verdict,
    call: assertion,
    expected: null,
    got,
    error
  })
  if (broken !== undefined) return failed(broken)
  // the examiner is trusted, but what it does with a program's value may take all its time or memory
  if (reply._tag === "Ended") return failed(endingFailure(reply.ending, limits))
  if (reply.kind === "V") return { verdict: "pass", call, expected: null, got, error: null }
  if (reply.kind === "S") {
    const message = "gave a match object, of which no more is known than that it is there"
    return failed(pythonFailure("unsupported", "Unsupported", message))
  }
  const complaint = readComplaint(reply.payload)
  const place = complaint.assertion === "" ? call : complaint.assertion
  if (raised !== undefined && !complaint.isAssertion) return failed(raised, place)
  return {
    verdict: "fail",
    call: place,
    expected: complaint.expected,
    got: complaint.got ?? got,
    error: complaint.isAssertion
      ? null
      : pythonFailure("fail", complaint.type, complaint.message).error
  }
}
