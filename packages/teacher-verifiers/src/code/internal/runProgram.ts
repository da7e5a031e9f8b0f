/** Runs one program in QuickJS. The caller guards against what QuickJS cannot interrupt. */
import { DefaultIntrinsics } from "quickjs-emscripten"
import type {
  QuickJSContext,
  QuickJSHandle,
  QuickJSRuntime,
  QuickJSWASMModule
} from "quickjs-emscripten"

import type { ProgramValue } from "../ProgramValue.ts"
import type { SandboxOutcome } from "../SandboxOutcome.ts"
import type { SandboxRequest } from "./SandboxMessage.ts"

/** No clock: a program's value depends on its input alone. */
const intrinsics = { ...DefaultIntrinsics, Date: false }

/** Longer values are not compared. */
const maximumText = 100_000
const maximumMessage = 200

type Failure = Extract<SandboxOutcome, { readonly _tag: "Failure" }>

const failure = (category: Failure["category"], message: string): Failure => ({
  _tag: "Failure",
  category,
  // control characters could forge a terminal's or a log's lines
  message: message.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, " ").slice(0, maximumMessage)
})

/** Counts interrupt checks; over the limit the program is stopped. */
class Meter {
  readonly limit: number
  used = 0
  constructor(limit: number) {
    this.limit = limit
  }
  get isEmpty(): boolean {
    return this.used > this.limit
  }
}

/**
 * Each input gets a context of its own, so that no run sees another one; all share one fresh runtime
 * and the fuel. Memory is bounded by that of the module: QuickJS's own limit counts blocks only, as it
 * can not ask for their size under WebAssembly. After a timeout or a memory failure the other inputs are not run and
 * have the same outcome.
 */
export const runProgram = (
  module: QuickJSWASMModule,
  request: SandboxRequest
): ReadonlyArray<SandboxOutcome> => {
  const meter = new Meter(request.fuel)
  using runtime = newRuntime(module, request, meter)
  const outcomes: Array<SandboxOutcome> = []
  for (const input of request.inputs) {
    const last = outcomes.at(-1)
    if (last?._tag === "Failure" && (last.category === "timeout" || last.category === "memory")) {
      outcomes.push(last)
      continue
    }
    const before = meter.used
    const outcome = runInput(runtime, request, input, meter)
    outcomes.push(
      outcome === "threw null" ? explainNull(module, request, input, meter.used - before) : outcome
    )
  }
  return outcomes
}

const newRuntime = (
  module: QuickJSWASMModule,
  { stackBytes }: SandboxRequest,
  meter: Meter
): QuickJSRuntime => {
  const runtime = module.newRuntime()
  runtime.setMaxStackSize(stackBytes)
  runtime.setInterruptHandler(() => {
    meter.used++
    return meter.isEmpty
  })
  return runtime
}

/** Eight bytes a block: some 100,000 objects. */
const scantMemory = 1024 * 1024

/**
 * QuickJS throws null when too little memory is left for an error object, and a program may throw null
 * itself. With scant memory only the latter ends in the same way after the same time.
 */
const explainNull = (
  module: QuickJSWASMModule,
  request: SandboxRequest,
  input: number,
  used: number
): SandboxOutcome => {
  const meter = new Meter(request.fuel)
  using runtime = newRuntime(module, request, meter)
  runtime.setMemoryLimit(scantMemory)
  const again = runInput(runtime, request, input, meter)
  return again === "threw null" && meter.used === used
    ? failure("error", "threw null")
    : failure("memory", "out of memory")
}

const runInput = (
  runtime: QuickJSRuntime,
  request: SandboxRequest,
  input: number,
  meter: Meter
): SandboxOutcome | "threw null" => {
  using context = runtime.newContext({ intrinsics })
  // no randomness either
  using random = context.evalCode("delete Math.random", "prelude.js", { type: "global" })
  if (random.error !== undefined) return describe(context, random.error, meter)
  using program = load(context, request)
  if (program.error !== undefined) return describe(context, program.error, meter)
  if (context.typeof(program.value) !== "function") {
    return failure("unsupported", `${request.entry} is not a function`)
  }
  using argument = context.newNumber(input)
  using result = context.callFunction(program.value, context.undefined, argument)
  if (result.error !== undefined) return describe(context, result.error, meter)
  const value = read(context, result.value)
  return typeof value === "string" ? failure("unsupported", value) : { _tag: "Value", value }
}

const options = { type: "global", strict: true } as const

/** The program as an expression and, when it does not parse as one, as statements that declare it. */
const load = (context: QuickJSContext, { entry, source }: SandboxRequest) => {
  // the line break ends a comment on the program's last line
  const compiled = context.evalCode(`(${source}\n)`, "program.js", {
    ...options,
    compileOnly: true
  })
  const isExpression = compiled.error === undefined
  compiled.dispose()
  return context.evalCode(
    isExpression ? `(${source}\n)` : `${source}\n;${entry}`,
    "program.js",
    options
  )
}

/** The value as plain data, or why it is none. Runs no code of the program. */
const read = (context: QuickJSContext, handle: QuickJSHandle): ProgramValue | string => {
  const type = context.typeof(handle)
  switch (type) {
    case "undefined":
      return { type, text: "undefined" }
    case "boolean":
      return { type, text: String(context.sameValue(handle, context.true)) }
    case "number":
      return { type, text: String(context.getNumber(handle)) }
    case "bigint":
      return limited(type, String(context.getBigInt(handle)))
    case "string":
      return limited(type, context.getString(handle))
    case "object":
      if (context.sameValue(handle, context.null)) return { type: "null", text: "null" }
  }
  return `gave a value of type ${type}`
}

const limited = (type: "bigint" | "string", text: string): ProgramValue | string =>
  text.length > maximumText ? `gave a ${type} of ${text.length} characters` : { type, text }

const isMemory = (name: unknown, message: unknown): boolean =>
  name === "InternalError" && (message === "out of memory" || message === "string too long")

/** What was thrown. Reading an error may run the program's code, within what is left of the fuel. */
const describe = (
  context: QuickJSContext,
  error: QuickJSHandle,
  meter: Meter
): Failure | "threw null" => {
  if (meter.isEmpty) return failure("timeout", "ran for too long")
  if (context.sameValue(error, context.null)) return "threw null"
  const thrown: unknown = context.dump(error)
  if (typeof thrown !== "object" || thrown === null) {
    return failure("error", `threw ${String(thrown)}`)
  }
  const name = "name" in thrown ? thrown.name : undefined
  const message = "message" in thrown ? thrown.message : undefined
  if (isMemory(name, message)) return failure("memory", "out of memory")
  return failure(
    "error",
    typeof message === "string"
      ? `${typeof name === "string" ? name : "Error"}: ${message}`
      : "threw an object"
  )
}
