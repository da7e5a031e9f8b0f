/** Runs one test of a program, in realms of its own. Called in a thread that can be killed. */
import type { QuickJSHandle } from "quickjs-emscripten"

import type {
  ProgramFailure,
  ProgramJob,
  ProgramOutcome,
  ProgramRequest,
  RealmLimits
} from "./ProgramReply.ts"
import { failure } from "./ProgramReply.ts"
import type { Realm, Settled } from "./Realm.ts"
import { Meter, programFile } from "./Realm.ts"
import type { Script } from "./transpile.ts"
import { javaScript, transpile } from "./transpile.ts"

/** Where the student's lines are in the whole source. */
export interface Place {
  /** Lines before them. */
  readonly lead: number
  readonly lines: number
}

/** A program that can be loaded. */
export interface Program {
  readonly script: Script
  readonly place: Place
  readonly student: Realm
  /** Where tests that are sources run, and no student's code ever does. */
  readonly examiner: Realm
  readonly language: ProgramRequest["language"]
  readonly limits: RealmLimits
}

/** What a test gave, and what the program printed meanwhile. */
export interface Run {
  readonly outcome: ProgramOutcome
  readonly stdout: string
}

/** The whole source; a student's first line may go on where the preamble ends. */
export const assemble = ({
  code,
  language,
  preamble
}: Pick<ProgramRequest, "code" | "language" | "preamble">): {
  readonly script: Script | ProgramFailure
  readonly place: Place
} => {
  const before = preamble === "" || preamble.endsWith("\n") ? preamble : `${preamble}\n`
  const place = { lead: before.split("\n").length - 1, lines: code.split("\n").length }
  const script = language === "typescript" ? transpile(before + code) : javaScript(before + code)
  return {
    script: script._tag === "Failure" ? inCode(script, (line) => line, place) : script,
    place
  }
}

/** A failure with the line in the student's code, if it is there. */
const inCode = (
  { error, verdict }: ProgramFailure,
  sourceLine: Script["sourceLine"],
  { lead, lines }: Place
): ProgramFailure => {
  const whole = error.line === null ? null : sourceLine(error.line)
  const line = whole === null ? null : whole - lead
  // a program can write its error's stack itself
  const isInside = line !== null && line >= 1 && line <= lines
  return failure(verdict, error.type, error.message, isInside ? line : null)
}

/** Source that is a module rather than a script, most likely. */
const hasModuleSyntax = (source: string): boolean =>
  /^\s*(?:import\b(?!\s*[(.])|export\b)|\bawait\b/m.test(source)

/** A function without a name is an expression. */
const isLoneFunction = (source: string): boolean =>
  /^\s*(?:async\s+)?function\s*\*?\s*\(/.test(source)

/** Makes global what a module declares. */
const keep = (name: string): string =>
  `typeof ${name} === "undefined" || (globalThis.${name} = ${name});`

/** Loads a program; the names are those that others must find. */
const load = (realm: Realm, source: string, names: ReadonlyArray<string>): Settled => {
  const file = programFile
  if (hasModuleSyntax(source) && !realm.parses(source, "global")) {
    return realm.evaluate(`${source}\n;${names.map(keep).join("")}`, file, "module", true)
  }
  return isLoneFunction(source) && !realm.parses(source, "global")
    ? realm.evaluate(`(${source}\n)`, file)
    : realm.evaluate(source, file)
}

const lateBound = (fn: string): string => `typeof ${fn} !== "undefined" ? ${fn} :
  typeof Solution === "function" && typeof Solution.prototype.${fn} === "function"
    ? ((object) => (...values) => object.${fn}(...values))(new Solution()) :
  module.exports?.${fn} ?? (typeof module.exports === "function" ? module.exports : undefined)`

/** The function of a loaded program: a global, a method of `Solution`, an export, or what the source gives. */
const findFunction = (
  realm: Realm,
  fn: string,
  given: QuickJSHandle
): QuickJSHandle | ProgramFailure => {
  const found = realm.lookUp(lateBound(fn))
  if ("_tag" in found) return found
  const type = realm.context.typeof(found)
  if (type === "function") return found
  found.dispose()
  if (type === "undefined" && realm.context.typeof(given) === "function") return given.dup()
  return type === "undefined"
    ? failure("error", "ReferenceError", `${fn} is not defined`)
    : failure("error", "TypeError", `${fn} is not a function`)
}

/** What one call gave. */
type Called = { readonly _tag: "Wire"; readonly wire: string } | ProgramFailure

/** Loads the program in a fresh realm and calls a function of it once. */
const callOnce = (
  program: Program,
  meter: Meter,
  fn: string,
  wires: string
): { readonly called: Called; readonly stdout: string; readonly wasPromise: boolean } => {
  const realm = program.student
  realm.begin(meter)
  const called = callIn(realm, program, fn, wires)
  return {
    called:
      called._tag === "Failure" ? inCode(called, program.script.sourceLine, program.place) : called,
    stdout: realm.stdout,
    wasPromise: realm.wasPromise
  }
}

const callIn = (realm: Realm, { script }: Program, fn: string, wires: string): Called => {
  using args = realm.newText(wires)
  const loaded = load(realm, script.text, [fn])
  if (loaded._tag === "Failure") return loaded
  using given = loaded.handle
  const found = findFunction(realm, fn, given)
  if ("_tag" in found) return found
  using callee = found
  const result = realm.callProgram(callee, args)
  if (result._tag === "Failure") return result
  using value = result.handle
  const wire = realm.read(value)
  if (typeof wire !== "string") return wire
  return realm.stopped() ?? { _tag: "Wire", wire }
}

/** Runs the test with the given number. */
export const runTest = (program: Program, job: ProgramJob, index: number): Run => {
  switch (job.kind) {
    case "calls": {
      const call = job.calls[index]
      if (call === undefined) return missing(index)
      const { called, stdout } = callOnce(program, new Meter(program.limits), call.fn, call.args)
      return {
        stdout,
        outcome: called._tag === "Failure" ? called : { _tag: "Value", wire: called.wire }
      }
    }
    case "stdio": {
      const input = job.inputs[index]
      return input === undefined ? missing(index) : runWhole(program, input)
    }
    case "check":
      return examine(program, {
        setup: "",
        source: job.source,
        names: [job.entry],
        check: job.entry
      })
    default: {
      const source = job.asserts[index]
      return source === undefined
        ? missing(index)
        : examine(program, {
            setup: job.setup,
            source,
            names: calledNames(`${job.setup}\n${source}`),
            check: undefined
          })
    }
  }
}

const missing = (index: number): Run => ({
  stdout: "",
  outcome: { _tag: "Unusable", reason: `there is no test ${index}` }
})

/** Text in, text out; a program that leaves by itself has ended well. */
const runWhole = (program: Program, input: string): Run => {
  const meter = new Meter(program.limits)
  const realm = program.student
  realm.begin(meter)
  realm.setInput(input)
  const loaded = load(realm, program.script.text, [])
  if (loaded._tag !== "Failure") loaded.handle.dispose()
  const failed = loaded._tag === "Failure" ? loaded : realm.drain()
  return {
    stdout: realm.stdout,
    outcome:
      failed === undefined || meter.hasLeft
        ? { _tag: "Output" }
        : inCode(failed, program.script.sourceLine, program.place)
  }
}

interface Exam {
  readonly setup: string
  readonly source: string
  /** The program's functions that the source calls. */
  readonly names: ReadonlyArray<string>
  /** The candidate of a `check` function, if the source may declare one. */
  readonly check: string | undefined
}

/** Names that are called, and not as methods. Those that the realm or the setup has are not the program's. */
const calledNames = (source: string): ReadonlyArray<string> => [
  ...new Set(
    [...source.matchAll(/(?<![\w$.])([A-Za-z_$][\w$]*)\s*\(/g)].flatMap(([, name]) =>
      name === undefined || keywords.has(name) ? [] : [name]
    )
  )
]

const keywords: ReadonlySet<string> = new Set(
  "if for while switch catch function return typeof new await async with super import in of void delete throw case do else yield".split(
    " "
  )
)

/** Runs a source that tests, in a realm to which the program is a function that takes and gives plain data. */
const examine = (program: Program, exam: Exam): Run => {
  const meter = new Meter(program.limits)
  const examinerMeter = new Meter(program.limits)
  let stdout = ""
  let call: { readonly fn: string; readonly args: string } | null = null
  let got: string | null = null
  /** Why the program can not be tested any further. */
  let broken: ProgramFailure | undefined
  let raised: ProgramFailure | undefined
  const stop = (why: ProgramFailure): string => {
    broken ??= why
    examinerMeter.hasLeft = true
    return refused
  }
  const ask = (fn: string, args: string): string => {
    if (broken !== undefined) return refused
    if (args.startsWith("!")) {
      return stop(
        failure(
          "unsupported",
          "Unsupported",
          args.slice(args.indexOf(" ") + 1).replace("gave", "is called with")
        )
      )
    }
    call = { fn, args }
    got = null
    const { called, stdout: printed, wasPromise } = callOnce(program, meter, fn, args)
    stdout += printed
    if (called._tag === "Wire") {
      got = called.wire
      return `${wasPromise ? "p" : "v"}${called.wire}`
    }
    if (called.verdict !== "error") return stop(called)
    raised = called
    return `e${JSON.stringify([called.error.type, called.error.message, wasPromise])}`
  }

  const realm = program.examiner
  realm.begin(examinerMeter, ask)
  const ended = runExam(realm, program.language, exam, () => call !== null)
  const report = readReport(realm.report())
  const examined = (isPassed: boolean, failed: ProgramFailure | null): Run => ({
    stdout,
    outcome: {
      _tag: "Examined",
      isPassed,
      call,
      got: report.got ?? got,
      expected: report.expected,
      failure: failed
    }
  })
  if (broken !== undefined) return examined(false, broken)
  if (ended._tag === "Unusable") return { stdout, outcome: ended }
  if (call === null) {
    return {
      stdout,
      outcome: {
        _tag: "Unusable",
        reason:
          ended.failure === undefined
            ? "they do not call the program"
            : `${ended.failure.error.type}: ${ended.failure.error.message}`
      }
    }
  }
  if (ended.failure !== undefined) {
    if (ended.isStudents && raised !== undefined) return examined(false, raised)
    // what a test throws is its way of saying no
    return examined(
      false,
      ended.failure.verdict === "error" ? { ...ended.failure, verdict: "fail" } : ended.failure
    )
  }
  // nobody hears the error of a promise that nobody waits for
  const isRight = report.failures === 0 && !(realm.hadJobs && report.caught > 0)
  return examined(isRight, null)
}

const refused = `e["Error","the program can not be tested any further",false]`

const testFile = "tests.js"

/** How a source that tests has ended. */
type Ended =
  | {
      readonly _tag: "Ended"
      readonly failure: ProgramFailure | undefined
      /** Whether what ended it was thrown by the program. */
      readonly isStudents: boolean
    }
  | { readonly _tag: "Unusable"; readonly reason: string }

const runExam = (
  realm: Realm,
  language: ProgramRequest["language"],
  exam: Exam,
  isAsked: () => boolean
): Ended => {
  for (const name of exam.names) {
    const own = realm.lookUp(`typeof ${name}`)
    if ("_tag" in own) continue
    using type = own
    if (realm.context.getString(type) === "undefined") realm.nominate(name)
  }
  const setup = runSource(realm, language, exam.setup)
  if (setup._tag === "Unusable" || setup.failure !== undefined) return setup
  const ended = runSource(realm, language, exam.source)
  if (
    ended._tag === "Unusable" ||
    ended.failure !== undefined ||
    exam.check === undefined ||
    isAsked()
  ) {
    return ended
  }
  const call = `typeof check === "function" ? check(${exam.check}) : undefined`
  return attend(realm, (onError) => realm.evaluate(call, testFile, "global", true, onError))
}

const runSource = (realm: Realm, language: ProgramRequest["language"], source: string): Ended => {
  const script = language === "typescript" ? transpile(source) : javaScript(source)
  if (script._tag === "Failure") return unusable(script)
  const isModule = hasModuleSyntax(script.text) && !realm.parses(script.text, "global")
  const type = isModule ? "module" : "global"
  const text = isModule ? `${script.text}\n;${keep("check")}` : script.text
  if (!realm.parses(text, type)) {
    const failed = realm.evaluate(text, testFile, type)
    return unusable(
      failed._tag === "Failure" ? failed : failure("error", "SyntaxError", "cannot be read")
    )
  }
  return attend(realm, (onError) => realm.evaluate(text, testFile, type, true, onError))
}

/** Waits for what was begun and all that it has begun. */
const attend = (
  realm: Realm,
  begin: (onError: (error: QuickJSHandle) => void) => Settled
): Ended => {
  let isStudents = false
  const settled = begin((error) => {
    isStudents = realm.isStudents(error)
  })
  if (settled._tag === "Failure") return { _tag: "Ended", failure: settled, isStudents }
  settled.handle.dispose()
  return { _tag: "Ended", failure: realm.drain(), isStudents: false }
}

const unusable = ({ error }: ProgramFailure): Ended => ({
  _tag: "Unusable",
  reason: `${error.type}: ${error.message}`
})

/** What an examiner's realm reports. */
interface Report {
  /** Calls of console.assert that failed. */
  readonly failures: number
  /** Errors of assertions and of the program, less those that were expected. */
  readonly caught: number
  /** What the last comparison that failed was of. */
  readonly got: string | null
  readonly expected: string | null
}

const wireOrNull = (text: unknown) =>
  typeof text === "string" && !text.startsWith("!") ? text : null

const readReport = (json: string | undefined): Report => {
  const report: unknown = json === undefined ? undefined : JSON.parse(json)
  const [failures, caught, difference]: ReadonlyArray<unknown> = Array.isArray(report) ? report : []
  const [got, expected]: ReadonlyArray<unknown> = Array.isArray(difference) ? difference : []
  return {
    // an examiner that can not report has not passed anything
    failures: typeof failures === "number" ? failures : 1,
    caught: typeof caught === "number" ? caught : 1,
    got: wireOrNull(got),
    expected: wireOrNull(expected)
  }
}
