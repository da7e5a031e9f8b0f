/** A server on a loopback port that answers as a test says. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"

import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/** One request, as it came. */
interface Received {
  readonly path: string
  readonly method: string
  readonly headers: IncomingMessage["headers"]
  readonly body: unknown
}

/** Answers one request; the last of a script answers all that follow. */
export type Answer = (response: ServerResponse, received: Received) => void

const parse = Schema.decodeUnknownSync(Schema.fromJsonString(Schema.Unknown))

/** A listening server; `requests` grows, `aborted` is done when a client hangs up in mid-answer. */
export const scriptedServer = Effect.fnUntraced(function* (script: ReadonlyArray<Answer>) {
  const requests: Array<Received> = []
  const aborted = yield* Deferred.make<void>()
  const server = createServer((request, response) => {
    const chunks: Array<Buffer> = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => {
      const text = Buffer.concat(chunks).toString()
      const received: Received = {
        path: request.url ?? "",
        method: request.method ?? "",
        headers: request.headers,
        body: text === "" ? undefined : parse(text)
      }
      requests.push(received)
      const answer = script[Math.min(requests.length, script.length) - 1]
      answer?.(response, received)
    })
    response.on("close", () => {
      if (!response.writableFinished) Deferred.doneUnsafe(aborted, Effect.void)
    })
  })
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => {
      server.listen(0, "127.0.0.1", () => resume(Effect.void))
    }),
    () =>
      Effect.callback<void>((resume) => {
        server.close(() => resume(Effect.void))
        server.closeAllConnections()
      })
  )
  const address = server.address()
  const port = typeof address === "object" && address !== null ? address.port : 0
  return { baseUrl: `http://127.0.0.1:${port}/v1`, requests, aborted: Deferred.await(aborted) }
})

/** Answers with JSON. */
export const json =
  (value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Answer =>
  (response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers })
    response.end(JSON.stringify(value))
  }

/** A whole answer with that text. */
export const completion = (text: string, more: object = {}) => ({
  id: "chatcmpl-1",
  object: "chat.completion",
  model: "scripted",
  choices: [
    { index: 0, message: { role: "assistant", content: text }, finish_reason: "stop", ...more }
  ],
  usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 }
})

/** One event of a stream with that piece of text. */
export const chunk = (delta: object, finish: string | null = null, more: object = {}) => ({
  id: "chatcmpl-1",
  object: "chat.completion.chunk",
  model: "scripted",
  choices: [{ index: 0, delta, finish_reason: finish }],
  ...more
})

/** Answers with a stream of these pieces of text, as they are. */
export const eventStream =
  (pieces: ReadonlyArray<string | Buffer>, end: "end" | "cut" | "hang" = "end"): Answer =>
  (response) => {
    response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" })
    const next = (at: number) => {
      const piece = pieces[at]
      if (piece !== undefined) {
        response.write(piece)
        setTimeout(() => next(at + 1), 1)
      } else if (end === "end") {
        response.end()
      } else if (end === "cut") {
        response.destroy()
      }
    }
    next(0)
  }

/** A chunk as the text of its event. */
export const event = (value: object) => `data: ${JSON.stringify(value)}\n\n`
