/** The worker thread in which programs run, one at a time. */
import { parentPort } from "node:worker_threads"

import { newQuickJSWASMModule } from "quickjs-emscripten"

import { runProgram } from "./runProgram.ts"
import type { SandboxReply, SandboxRequest } from "./SandboxMessage.ts"

if (parentPort === null) throw new Error("sandboxWorker.ts must be started as a worker thread")
const port = parentPort
const module = await newQuickJSWASMModule()

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
