/** Whether the tests of the Python sandbox can run here. */
import { PythonSandbox, statusSentence } from "@sml/teacher-verifiers"
import * as Effect from "effect/Effect"

const status = await Effect.runPromise(
  Effect.provide(
    Effect.flatMap(PythonSandbox, (sandbox) => sandbox.status),
    PythonSandbox.layer()
  )
)

export const pythonWorks = status._tag === "works"

/** What stands behind the name of a group of tests that may be skipped. */
export const unlessPython = pythonWorks ? "" : ` (skipped: ${statusSentence(status)})`
