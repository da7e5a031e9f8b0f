/** The thread in which answers are judged; it is killed when one case takes too long. */
import { parentPort, workerData } from "node:worker_threads"

import { judgeAnswer } from "../judgeAnswer.ts"
import type { CheckerData, CheckerReply, CheckerRequest } from "./CheckerMessage.ts"

if (parentPort === null) throw new Error("checkerWorker.ts must be started as a worker thread")
const port = parentPort
const { options, progress }: CheckerData = workerData
const at = new Int32Array(progress)

port.on("message", ({ cases, id }: CheckerRequest) => {
  const judgements = cases.map(({ gold, text }, i) => {
    Atomics.store(at, 0, i)
    return judgeAnswer(gold, text, options)
  })
  const reply: CheckerReply = { _tag: "Done", id, judgements }
  port.postMessage(reply)
})
const ready: CheckerReply = { _tag: "Ready" }
port.postMessage(ready)
