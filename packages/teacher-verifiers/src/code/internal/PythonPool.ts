/** Pythons that wait for work, each used once. */
import { execFile } from "node:child_process"

import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"

import { SandboxError } from "../JavaScriptSandbox.ts"
import type { PythonSandboxStatus } from "../PythonSandboxStatus.ts"
import { statusSentence } from "../PythonSandboxStatus.ts"
import type { RunnerLimits } from "./bubblewrap.ts"
import { findProgram, sandboxArguments, zygoteArguments } from "./bubblewrap.ts"
import { cleanText } from "./cleanText.ts"
import { launchBubblewrap } from "./launchBubblewrap.ts"
import { PythonProcess } from "./PythonProcess.ts"
import { freshPython } from "./pythonRunner.ts"
import type { LaunchPython } from "./PythonVessel.ts"
import { PythonZygote } from "./PythonZygote.ts"
import { seccompFilter } from "./seccompFilter.ts"
import { pythonZygote } from "./zygoteSource.ts"

/** Longest time for a process to start on a busy machine. */
const startMillis = 20_000

/** Python must lie under /usr: nothing else is visible in the sandbox. */
const pythonPath = "/usr/bin:/usr/local/bin"

export interface PoolOptions extends RunnerLimits {
  readonly outputBytes: number
  readonly timeMillis: number
  /** Verifications at a time. */
  readonly parallel: number
  /** Verifications that may wait. */
  readonly queue: number
  /** Processes that wait for work. */
  readonly warm: number
  /** Whether processes are forked from one, else each is a bubblewrap of its own. */
  readonly fork: boolean
}

/** What a trusted program prints, or undefined if it fails. */
const outputOf = (
  file: string,
  args: ReadonlyArray<string>,
  input: string
): Effect.Effect<string | undefined> =>
  Effect.callback((resume) => {
    const child = execFile(file, args, { env: {}, timeout: startMillis }, (error, text) =>
      resume(Effect.succeed(error === null ? text : undefined))
    )
    // that it does not read on is told by its exit
    child.stdin?.on("error", () => {})
    child.stdin?.end(input)
    return Effect.sync(() => child.kill("SIGKILL"))
  })

const versionOf = (file: string): Effect.Effect<string | undefined> =>
  Effect.map(outputOf(file, ["--version"], ""), (text) => /\d+(\.\d+)*/.exec(text ?? "")?.[0])

const compile = `
import binascii, marshal, sys
code = marshal.dumps(compile(sys.stdin.read(), "<runner>", "exec"))
print(binascii.b2a_base64(code, newline=False).decode())
`

/** The runner as byte code, which saves each process some milliseconds; as text where that fails. */
const compileRunner = (python: string, source: string): Effect.Effect<string> =>
  Effect.map(outputOf(python, ["-I", "-S", "-B", "-c", compile], source), (text) =>
    text === undefined || !/^[\w+/=]+\s*$/.test(text)
      ? source
      : `import binascii, marshal\nexec(marshal.loads(binascii.a2b_base64("${text.trim()}")))`
  )

/** `--disable-userns` came with 0.8.0. */
const knowsDisable = (version: string | undefined): boolean => {
  const [major = 0, minor = 0] = (version ?? "0.0").split(".").map(Number)
  return major > 0 || minor >= 8
}

const refusal = (status: PythonSandboxStatus): SandboxError =>
  new SandboxError({ reason: statusSentence(status) })

/** How processes are started here. */
interface FoundPython {
  readonly _tag: "found"
  readonly bubblewrap: string
  readonly launch: LaunchPython
  readonly startZygote: () => PythonZygote
}

/** How processes are started, or why none can be. */
const findCommand = Effect.fnUntraced(function* (options: PoolOptions) {
  const filter = process.platform === "linux" ? seccompFilter(process.arch) : undefined
  if (filter === undefined) {
    const status: PythonSandboxStatus = {
      _tag: "unsupported-system",
      detail: `${process.platform} on ${process.arch}`
    }
    return status
  }
  const bubblewrap = findProgram("bwrap", `/usr/bin:/usr/local/bin:/bin:${process.env.PATH ?? ""}`)
  if (bubblewrap === undefined) {
    const status: PythonSandboxStatus = { _tag: "missing-bubblewrap" }
    return status
  }
  const python = findProgram("python3", pythonPath)
  if (python === undefined) {
    const status: PythonSandboxStatus = { _tag: "missing-python" }
    return status
  }
  const version = yield* versionOf(bubblewrap)
  const runner = yield* compileRunner(python, freshPython)
  const zygote = yield* compileRunner(python, pythonZygote)
  const known: FoundPython = {
    _tag: "found",
    bubblewrap: version ?? "?",
    launch: launchBubblewrap(
      {
        file: bubblewrap,
        args: sandboxArguments(python, runner, options, knowsDisable(version))
      },
      filter
    ),
    startZygote: () =>
      new PythonZygote((folder) => ({
        file: bubblewrap,
        args: zygoteArguments(python, zygote, options, filter, folder)
      }))
  }
  return known
})

/** A process that has just been started and said why it can not run. */
const refused = (said: string): PythonSandboxStatus => {
  const detail = cleanText(said.split("\n").at(-1) ?? "", 200)
  return /namespace|uid map|user_ns|userns|Operation not permitted|Permission denied/i.test(detail)
    ? { _tag: "refused-namespaces", detail }
    : { _tag: "broken", detail }
}

const owned = (acquire: () => PythonProcess): Effect.Effect<PythonProcess, never, Scope.Scope> =>
  Effect.acquireRelease(Effect.sync(acquire), (each) => each.stopped)

/** The pool; its processes end with the scope. */
export const makePythonPool = Effect.fnUntraced(function* (options: PoolOptions) {
  const find = yield* Effect.cached(findCommand(options))
  const waiting: Array<PythonProcess> = []
  const permits = yield* Semaphore.make(options.parallel)
  let queued = 0
  let isClosed = false
  let zygote: PythonZygote | undefined
  let mayFork = options.fork

  yield* Effect.addFinalizer(() =>
    Effect.gen(function* () {
      isClosed = true
      yield* Effect.forEach(waiting.splice(0), (each) => each.stopped, {
        concurrency: "unbounded",
        discard: true
      })
      if (zygote !== undefined) yield* Effect.promise(() => zygote?.close() ?? Promise.resolve())
    })
  )

  const start = (launch: LaunchPython): PythonProcess => {
    const started = new PythonProcess({
      launch,
      outputBytes: options.outputBytes,
      frameBytes: options.valueBytes + 4096
    })
    started.limitTime(startMillis)
    return started
  }

  /** The quickest way to start a process. */
  const launcher = (found: FoundPython): LaunchPython => {
    if (!mayFork) return found.launch
    if (zygote === undefined || zygote.hasEnded) zygote = found.startZygote()
    return zygote.launch
  }

  /** Starts processes for those that will come. */
  const refill = (found: FoundPython) => {
    if (isClosed) return
    while (waiting.length < options.warm) {
      const started = start(launcher(found))
      started.hold(false)
      waiting.push(started)
    }
  }

  const takeStarted = (found: FoundPython): PythonProcess => {
    for (;;) {
      const oldest = waiting.shift()
      if (oldest === undefined) return start(launcher(found))
      if (!oldest.isEnded) {
        oldest.hold(true)
        return oldest
      }
    }
  }

  /** A process of one's own, ready, that has `timeMillis` left and is gone when the scope closes. */
  const take: Effect.Effect<PythonProcess, SandboxError, Scope.Scope> = Effect.gen(function* () {
    const found = yield* find
    if (found._tag !== "found") return yield* refusal(found)
    let taken = yield* owned(() => takeStarted(found))
    refill(found)
    let ready = yield* taken.greeting
    if (ready._tag === "Ended" && mayFork) {
      // not every system lets a sandbox make further ones
      mayFork = false
      taken = yield* owned(() => start(found.launch))
      ready = yield* taken.greeting
    }
    if (ready._tag === "Ended") return yield* refusal(refused(ready.ending.detail))
    taken.limitTime(options.timeMillis)
    return taken
  })

  /** Runs the effect when there is room, or fails when too many wait already. */
  const admit = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | SandboxError, R> =>
    Effect.gen(function* () {
      if (queued >= options.queue + options.parallel) {
        return yield* new SandboxError({
          reason: `${queued} programs wait for the Python sandbox already; raise its option "queue" or ask for fewer at a time.`
        })
      }
      queued++
      return yield* Effect.ensuring(
        Semaphore.withPermit(permits, effect),
        Effect.sync(() => {
          queued--
        })
      )
    })

  const status: Effect.Effect<PythonSandboxStatus> = Effect.gen(function* () {
    const found = yield* find
    if (found._tag !== "found") return found
    const process = start(found.launch)
    const ready = yield* Effect.ensuring(process.greeting, process.stopped)
    if (ready._tag === "Ended") return refused(ready.ending.detail)
    const works: PythonSandboxStatus = {
      _tag: "works",
      bubblewrap: found.bubblewrap,
      python: ready.version
    }
    return works
  })

  return { take, admit, status }
})
