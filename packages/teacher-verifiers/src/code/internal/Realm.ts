/** A QuickJS realm that can be made new, and the bounds of what runs there. */
import type { QuickJSContext, QuickJSHandle, QuickJSRuntime } from "quickjs-emscripten"
import {
  DefaultIntrinsics,
  newQuickJSWASMModuleFromVariant,
  newVariant,
  RELEASE_SYNC as release
} from "quickjs-emscripten"

import { moduleSource, nodeSources } from "./nodeSources.ts"
import type { ProgramFailure, RealmLimits } from "./ProgramReply.ts"
import { failure } from "./ProgramReply.ts"
import { realmSource } from "./realmSource.ts"

interface Memory {
  readonly buffer: ArrayBuffer
}

// Node has it, its type declarations do not
declare const WebAssembly: {
  readonly Memory: new (pages: { readonly initial: number; readonly maximum: number }) => Memory
}

/** Counts what was used; one may serve several realms, one after another. */
export class Meter {
  readonly limits: RealmLimits
  fuel = 0
  characters = 0
  /** A program that left by itself is stopped like one without fuel. */
  hasLeft = false
  constructor(limits: RealmLimits) {
    this.limits = limits
  }
  get isFlooded(): boolean {
    return this.characters > this.limits.outputCharacters
  }
  get isEmpty(): boolean {
    return this.fuel > this.limits.fuel
  }
  get mustStop(): boolean {
    return this.isEmpty || this.isFlooded || this.hasLeft
  }
}

/** The file name of what is being judged: its lines are told to people. */
export const programFile = "program.js"

/** Jobs between two looks at the meter, which cost one unit of fuel. */
const jobsAtOnce = 100

/** What an examiner's realm calls the program with, and what comes back; see `realmSource`. */
export type Ask = (name: string, wires: string) => string

/** A value that only a realm can hold; it dies with the realm. */
export type Settled = { readonly _tag: "Settled"; readonly handle: QuickJSHandle } | ProgramFailure

const pageBytes = 65_536

/** The parts of a memory that a fresh realm uses, as they were. */
class Snapshot {
  readonly #memory: Uint8Array
  readonly #parts: ReadonlyArray<{ readonly start: number; readonly bytes: Uint8Array }>

  constructor(memory: Uint8Array) {
    this.#memory = memory
    const isZero = Array.from({ length: memory.length / pageBytes }, (_, page) =>
      memory.subarray(page * pageBytes, (page + 1) * pageBytes).every((byte) => byte === 0)
    )
    const end = isZero.lastIndexOf(false) + 1
    // the longest run of untouched pages is the unused part of the stack: what is left there means nothing
    let [holeStart, holeEnd] = [end, end]
    for (let start = 0; start < end;) {
      let stop = start
      while (stop < end && isZero[stop] === true) stop++
      if (stop - start > holeEnd - holeStart) [holeStart, holeEnd] = [start, stop]
      start = stop + 1
    }
    const part = (from: number, to: number) => ({
      start: from * pageBytes,
      bytes: memory.slice(from * pageBytes, to * pageBytes)
    })
    this.#parts = [part(0, holeStart), part(holeEnd, end)]
  }

  restore(): void {
    for (const { bytes, start } of this.#parts) this.#memory.set(bytes, start)
  }
}

/**
 * A realm in an interpreter and a memory of its own. `begin` makes it new: all that the interpreter knows
 * is in its memory, which is set back to what it was before anything ran, at the price of a copy of some
 * 100 KiB. So nothing is left of the last program, not even of one that broke the interpreter's heap; and
 * what was made meanwhile needs no disposal. Reading a value, an error and a promise's state runs none of
 * the code that was loaded.
 */
export class Realm {
  readonly context: QuickJSContext
  readonly #runtime: QuickJSRuntime
  readonly #functions: ReadonlyMap<string, QuickJSHandle>
  readonly #snapshot: Snapshot
  #meter: Meter
  #ask: Ask | undefined
  /** Whether memory ran out since `begin`. */
  #isExhausted = false
  /** What was printed since `begin`. */
  stdout = ""
  /** Whether the last result that was waited for was a promise. */
  wasPromise = false
  /** Whether any job has run since `begin`. */
  hadJobs = false

  private constructor(context: QuickJSContext, memory: Memory, meter: Meter, isExaminer: boolean) {
    const { runtime } = context
    this.context = context
    this.#runtime = runtime
    this.#meter = meter
    // the allocator asks for more when it has no more
    Object.defineProperty(memory, "grow", {
      value: () => {
        this.#isExhausted = true
        throw new RangeError("the sandbox's memory can not grow")
      }
    })
    runtime.setMaxStackSize(meter.limits.stackBytes)
    runtime.setInterruptHandler(() => {
      this.#meter.fuel++
      return this.#meter.mustStop
    })
    runtime.setModuleLoader(
      (name) => moduleSource(name) ?? { error: new Error(`Cannot find module '${name}'`) },
      (_, name) => name
    )
    const make = context.unwrapResult(context.evalCode(realmSource, "realm.js"))
    const internals = context.unwrapResult(
      context.callFunction(
        make,
        context.undefined,
        this.#newPrint(),
        this.#newAsk(),
        isExaminer ? context.true : context.false
      )
    )
    const names = ["read", "describe", "call", "setInput", "nominate", "isStudents", "report"]
    this.#functions = new Map(names.map((name) => [name, context.getProp(internals, name)]))
    this.#snapshot = new Snapshot(new Uint8Array(memory.buffer))
  }

  /** A realm in a memory of the given size, which can not grow: the only bound that a program can not talk its way around. */
  static async make(
    memoryBytes: number,
    limits: RealmLimits,
    kind: "student" | "examiner"
  ): Promise<Realm> {
    const pages = memoryBytes / pageBytes
    const wasmMemory = new WebAssembly.Memory({ initial: pages, maximum: pages })
    const module = await newQuickJSWASMModuleFromVariant(newVariant(release, { wasmMemory }))
    const context = module.newRuntime().newContext({ intrinsics: DefaultIntrinsics })
    return new Realm(context, wasmMemory, new Meter(limits), kind === "examiner")
  }

  /** Forgets everything, and counts with the meter from now on. */
  begin(meter: Meter, ask?: Ask): void {
    this.#snapshot.restore()
    this.#meter = meter
    this.#ask = ask
    this.#isExhausted = false
    this.stdout = ""
    this.wasPromise = false
    this.hadJobs = false
  }

  #newPrint(): QuickJSHandle {
    const { context } = this
    return context.newFunction("print", (channel, text) => {
      const printed: unknown = JSON.parse(context.getString(text))
      if (typeof printed !== "string") return
      this.#meter.characters += printed.length
      if (!this.#meter.isFlooded && context.getString(channel) === "stdout") this.stdout += printed
    })
  }

  #newAsk(): QuickJSHandle {
    const { context } = this
    return context.newFunction("ask", (what, name, wires) => {
      switch (context.getString(what)) {
        case "source": {
          const source = nodeSources.get(context.getString(name))
          return source === undefined ? context.undefined : context.newString(source)
        }
        case "exit":
          this.#meter.hasLeft = true
          return context.undefined
        default:
          return this.#ask === undefined || wires === undefined
            ? context.undefined
            : context.newString(this.#ask(context.getString(name), context.getString(wires)))
      }
    })
  }

  /** Calls one of the realm's own functions. */
  #call(name: string, ...values: ReadonlyArray<QuickJSHandle>) {
    const own = this.#functions.get(name)
    if (own === undefined) throw new Error(`a realm has no function ${name}`)
    return this.context.callFunction(own, this.context.undefined, ...values)
  }

  /** Calls one of the realm's own functions that give text. */
  #text(name: string, ...values: ReadonlyArray<QuickJSHandle>): string | undefined {
    using result = this.#call(name, ...values)
    return result.error === undefined ? this.context.getString(result.value) : undefined
  }

  /** What stops whatever runs, which can not be caught, or has come too late to stop it. */
  stopped(): ProgramFailure | undefined {
    const meter = this.#meter
    const { fuel, outputCharacters } = meter.limits
    if (meter.isFlooded) {
      return failure(
        "output-limit",
        "OutputLimit",
        `printed more than ${outputCharacters} characters`
      )
    }
    if (meter.isEmpty) {
      return failure("timeout", "Timeout", `ran for more than ${fuel} × 10,000 steps`)
    }
    return undefined
  }

  /** What a thrown value means. */
  explain(error: QuickJSHandle): ProgramFailure {
    const stopped = this.stopped()
    if (stopped !== undefined) return stopped
    if (this.#meter.hasLeft) return failure("error", "ProcessExit", "left before it gave a value")
    const isExhausted = this.#isExhausted
    const text = this.#text("describe", error)
    if (text === undefined) {
      return isExhausted
        ? failure("memory", "InternalError", "out of memory")
        : (this.stopped() ?? failure("error", "", "threw what cannot be read"))
    }
    const [type, message, stack] = readTexts(text)
    if (isOutOfMemory(type, message, isExhausted)) {
      return failure("memory", "InternalError", "out of memory")
    }
    return failure("error", type, message, lineOf(stack))
  }

  /** Runs a script or a module; with `waits`, a promise that it gives is waited for. */
  evaluate(
    source: string,
    file: string,
    type: "global" | "module" = "global",
    waits = false,
    onError?: (error: QuickJSHandle) => void
  ): Settled {
    return this.#settle(this.context.evalCode(source, file, { type }), waits, onError)
  }

  /** Whether it parses. */
  parses(source: string, type: "global" | "module"): boolean {
    using compiled = this.context.evalCode(source, programFile, { type, compileOnly: true })
    return compiled.error === undefined
  }

  /** A global function by name, or undefined. */
  lookUp(expression: string): QuickJSHandle | ProgramFailure {
    const found = this.evaluate(expression, "lookup.js")
    return found._tag === "Failure" ? found : found.handle
  }

  /** Calls a function with the wire of a list, and waits for a promise. */
  callProgram(program: QuickJSHandle, args: QuickJSHandle): Settled {
    return this.#settle(this.#call("call", program, args), true)
  }

  /** Text for the realm; it must be JSON, as QuickJS cuts text at a NUL. */
  newText(json: string): QuickJSHandle {
    return this.context.newString(json)
  }

  setInput(text: string): void {
    using input = this.newText(JSON.stringify(text))
    this.#call("setInput", input).dispose()
  }

  /** The wire of a value, or why it has none. */
  read(value: QuickJSHandle): string | ProgramFailure {
    using result = this.#call("read", value)
    if (result.error !== undefined) return this.explain(result.error)
    const text = this.context.getString(result.value)
    return text.startsWith("!") ? readRefusal(text) : text
  }

  /** Makes a global function that asks the program. */
  nominate(name: string): void {
    using text = this.context.newString(name)
    this.#call("nominate", text).dispose()
  }

  /** Whether the program threw it, not a test. */
  isStudents(error: QuickJSHandle): boolean {
    using result = this.#call("isStudents", error)
    return result.error === undefined && this.context.sameValue(result.value, this.context.true)
  }

  /** What an examiner has noticed, as JSON. */
  report(): string | undefined {
    return this.#text("report")
  }

  /** Runs jobs until none is left; undefined, or why it was stopped. */
  drain(): ProgramFailure | undefined {
    while (!this.#meter.mustStop && this.#runtime.hasPendingJob()) this.#work()
    return this.stopped()
  }

  #work(): void {
    this.#meter.fuel++
    this.hadJobs = true
    const done = this.#runtime.executePendingJobs(jobsAtOnce)
    done.dispose()
  }

  /** Waits for a result that may be a promise. */
  #settle(
    result: ReturnType<QuickJSContext["callFunction"]>,
    waits: boolean,
    onError?: (error: QuickJSHandle) => void
  ): Settled {
    const { context } = this
    const meter = this.#meter
    if (result.error !== undefined) {
      using error = result.error
      onError?.(error)
      return this.explain(error)
    }
    const { value } = result
    if (!waits) return { _tag: "Settled", handle: value }
    for (;;) {
      const state = context.getPromiseState(value)
      switch (state.type) {
        case "fulfilled":
          if (state.notAPromise === true) return { _tag: "Settled", handle: value }
          this.wasPromise = true
          value.dispose()
          return { _tag: "Settled", handle: state.value }
        case "rejected": {
          this.wasPromise = true
          value.dispose()
          using error = state.error
          onError?.(error)
          return this.explain(error)
        }
        case "pending": {
          const stopped = this.stopped()
          if (stopped !== undefined || meter.hasLeft || !this.#runtime.hasPendingJob()) {
            value.dispose()
            return stopped ?? failure("timeout", "Timeout", "gave a promise that never settles")
          }
          this.#work()
        }
      }
    }
  }
}

const isOutOfMemory = (type: string, message: string, isExhausted: boolean): boolean =>
  type === "InternalError"
    ? message === "out of memory" || message === "string too long"
    : // what QuickJS throws when there is no memory for an error
      isExhausted && type === "" && message === "threw null"

/** The three texts that `describe` gives. */
const readTexts = (json: string): readonly [string, string, string] => {
  const texts: unknown = JSON.parse(json)
  const text = (index: number) => {
    const each: unknown = Array.isArray(texts) ? texts[index] : undefined
    return typeof each === "string" ? each : ""
  }
  return [text(0), text(1), text(2)]
}

const lineOf = (stack: string): number | null => {
  const line = /\bprogram\.js:(\d{1,7})/.exec(stack)?.[1]
  return line === undefined ? null : Number(line)
}

const readRefusal = (text: string): ProgramFailure => {
  const space = text.indexOf(" ")
  return text.slice(1, space) === "output-limit"
    ? failure("output-limit", "OutputLimit", text.slice(space + 1))
    : failure("unsupported", "Unsupported", text.slice(space + 1))
}
