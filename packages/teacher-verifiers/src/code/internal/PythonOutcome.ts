/** What became of one request to the process that holds the student's program. */
import type { PlainValue } from "../PlainValue.ts"
import type { ProgramVerdict, TestResult } from "../ProgramDiagnostics.ts"
import { cleanText } from "./cleanText.ts"
import { decodeValue } from "./PythonFrame.ts"
import type { Ending, Reply } from "./PythonProcess.ts"

const maximumMessage = 500

/**
 * - `Value`: what it says that the program gave, with its bytes.
 * - `Failure`: why it gave none.
 */
export type PythonOutcome =
  | { readonly _tag: "Value"; readonly value: PlainValue; readonly payload: Buffer }
  | {
      readonly _tag: "Failure"
      readonly verdict: Exclude<ProgramVerdict, "pass">
      readonly error: NonNullable<TestResult["error"]>
    }

/** A program that gave nothing. */
export type PythonFailure = Extract<PythonOutcome, { readonly _tag: "Failure" }>

/** The limits that messages name. */
export interface NamedLimits {
  readonly timeMillis: number
  readonly cpuSeconds: number
  readonly outputBytes: number
}

/** A failure with words that are safe to show. */
export const pythonFailure = (
  verdict: PythonFailure["verdict"],
  type: string,
  message: string,
  line: number | null = null
): PythonFailure => ({
  _tag: "Failure",
  verdict,
  error: { type: cleanText(type, 100), message: cleanText(message, maximumMessage), line }
})

const notDecodable = pythonFailure("error", "ProtocolError", "sent something that is no value")

// the exit code for a signal is 128 + its number; this one is the limit of processor time
const outOfTime = 128 + 24

/** What it means for a program that its process is gone. */
export const endingFailure = (ending: Ending, limits: NamedLimits): PythonFailure => {
  switch (ending.reason) {
    case "late":
      return pythonFailure("timeout", "Timeout", `ran for more than ${limits.timeMillis} ms`)
    case "flood":
      return pythonFailure(
        "output-limit",
        "OutputLimit",
        `printed more than ${limits.outputBytes} bytes`
      )
    case "protocol":
      return pythonFailure("error", "ProtocolError", "sent something that it was not asked for")
    case "failed":
    case "stopped":
      return pythonFailure("error", "ProcessError", "did not run")
    default:
      return leftFailure(ending, limits)
  }
}

const leftFailure = ({ code, detail }: Ending, limits: NamedLimits): PythonFailure => {
  if (code === outOfTime) {
    const message = `used more than ${limits.cpuSeconds} s of processor time`
    return pythonFailure("timeout", "Timeout", message)
  }
  // what Python prints last when it can not even handle an exception any more
  if (detail.split("\n").at(-1)?.startsWith("MemoryError") === true) {
    return pythonFailure("memory", "MemoryError", "out of memory")
  }
  return code !== null && code > 128
    ? pythonFailure("error", "ProcessError", `was ended by signal ${code - 128}`)
    : pythonFailure("error", "ProcessError", "left before it gave a value")
}

/** The fields of an exception, as the runner lists them. */
const raised = (payload: Buffer): PythonFailure => {
  const value = decodeValue(payload)
  const [type, message, line] = value.type === "list" ? value.items : []
  if (type?.type !== "string" || message?.type !== "string") return notDecodable
  const verdict = type.text === "MemoryError" ? "memory" : "error"
  const number = line?.type === "integer" ? Number(line.text) : null
  return pythonFailure(
    verdict,
    type.text,
    message.text,
    number !== null && Number.isSafeInteger(number) ? number : null
  )
}

/** The reply that stands for a match object of Python's `re`, of which nothing crosses but that it is there. */
export const matchObject = "W"

/** Reads a reply of the student's process: a value, an exception, or why there is neither. */
export const readOutcome = (reply: Reply, limits: NamedLimits): PythonOutcome => {
  if (reply._tag === "Ended") return endingFailure(reply.ending, limits)
  try {
    switch (reply.kind) {
      case "V":
        return { _tag: "Value", value: decodeValue(reply.payload), payload: reply.payload }
      case "R":
        return raised(reply.payload)
      case "U": {
        const why = decodeValue(reply.payload)
        return pythonFailure("unsupported", "Unsupported", `gave ${textOf(why)}`)
      }
      case matchObject:
        return pythonFailure("unsupported", "Unsupported", "gave a value of type Match")
      case "O":
        return pythonFailure("output-limit", "OutputLimit", "gave a value that is too large")
      default:
        return notDecodable
    }
  } catch {
    // bytes that are no value: it was not the runner that sent them
    return notDecodable
  }
}

/** The text of a string, else nothing. */
export const textOf = (value: PlainValue | undefined): string =>
  value?.type === "string" ? value.text : ""
