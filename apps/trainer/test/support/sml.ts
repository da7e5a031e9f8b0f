/** The real command in a process of its own. */
import type { ChildProcess } from "node:child_process"
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"

/** What Node is given to run the command. */
export const mainFile = fileURLToPath(new URL("../../src/main.ts", import.meta.url))

/** So that not every process compiles everything anew. */
const compileCache = fileURLToPath(
  new URL("../../node_modules/.cache/sml-compile", import.meta.url)
)

/** What a process has left. */
export interface Ended {
  /** Absent when a signal has ended it. */
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/**
 * Settings of a process; `during` sees the output so far and may act on the process; `killed` ends it with
 * SIGKILL.
 */
export interface SmlOptions {
  readonly uid?: number
  readonly env?: Readonly<Record<string, string>>
  readonly killed?: AbortSignal
  readonly during?: (child: ChildProcess, out: string) => void
  readonly duringError?: (child: ChildProcess, err: string) => void
}

/** Runs `sml` with the arguments until it ends. */
export const sml = (args: ReadonlyArray<string>, options: SmlOptions = {}): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [mainFile, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { NODE_COMPILE_CACHE: compileCache, ...process.env, ...options.env },
      ...(options.uid === undefined ? {} : { uid: options.uid })
    })
    options.killed?.addEventListener("abort", () => child.kill("SIGKILL"))
    let out = ""
    let err = ""
    child.stdout.on("data", (chunk: Buffer) => {
      out += chunk.toString()
      options.during?.(child, out)
    })
    child.stderr.on("data", (chunk: Buffer) => {
      err += chunk.toString()
      options.duringError?.(child, err)
    })
    child.on("error", reject)
    child.on("close", (code) => resolve({ code, out, err }))
  })
