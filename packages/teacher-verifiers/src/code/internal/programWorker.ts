/** A worker thread in which programs are verified, one at a time. */
import { parentPort, workerData } from "node:worker_threads"

import * as Schema from "effect/Schema"

import type { ProgramReply, ProgramRequest } from "./ProgramReply.ts"
import { endsAt, ProgramThreadData } from "./ProgramReply.ts"
import { Realm } from "./Realm.ts"
import { assemble, runTest } from "./runJob.ts"

if (parentPort === null) throw new Error("programWorker.ts must be started as a worker thread")
const port = parentPort

const { limits, memoryBytes } = Schema.decodeUnknownSync(ProgramThreadData)(workerData)
const student = await Realm.make(memoryBytes, limits, "student")
const examiner = await Realm.make(memoryBytes, limits, "examiner")

const send = (reply: ProgramReply) => port.postMessage(reply)

const verify = (request: ProgramRequest): void => {
  const { id, job, language, order } = request
  const { place, script } = assemble(request)
  let end = Infinity
  for (const index of order) {
    if (index > end) continue
    const start = performance.now()
    const { outcome, stdout } =
      script._tag === "Failure"
        ? { outcome: script, stdout: "" }
        : runTest({ script, place, student, examiner, language, limits }, job, index)
    const millis = performance.now() - start
    if (endsAt(outcome)) end = index
    send({ _tag: "Tested", id, index, outcome, stdout, millis })
  }
}

// an exception of QuickJS itself is left to end this thread: its interpreter cannot be trusted any more
port.on("message", verify)
send({ _tag: "Ready" })
