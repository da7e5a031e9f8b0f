/** The worker thread in which programs run, one at a time. Imports little, as it is often restarted. */
import { parentPort, workerData } from "node:worker_threads"

import {
  newQuickJSWASMModuleFromVariant,
  newVariant,
  RELEASE_SYNC as release
} from "quickjs-emscripten"
import type { CustomizeVariantOptions } from "quickjs-emscripten"

import { runProgram } from "./runProgram.ts"
import type { SandboxReply, SandboxRequest } from "./SandboxMessage.ts"

// Node has it, its type declarations do not
declare const WebAssembly: {
  readonly Memory: new (pages: {
    readonly initial: number
    readonly maximum: number
  }) => NonNullable<CustomizeVariantOptions["wasmMemory"]>
}

if (parentPort === null) throw new Error("sandboxWorker.ts must be started as a worker thread")
const port = parentPort

// the thread's data is the number of 64 KiB pages; memory that can not grow is the only bound that a program can not talk its way around
const pages = Number(workerData)
const wasmMemory = new WebAssembly.Memory({ initial: pages, maximum: pages })
const module = await newQuickJSWASMModuleFromVariant(newVariant(release, { wasmMemory }))

// an exception of QuickJS itself is left to end this thread, as its heap cannot be trusted any more
port.on("message", (request: SandboxRequest) => {
  const reply: SandboxReply = {
    _tag: "Done",
    id: request.id,
    outcomes: runProgram(module, request)
  }
  port.postMessage(reply)
})
const ready: SandboxReply = { _tag: "Ready" }
port.postMessage(ready)
