/** An OpenAI-compatible server of a test: what it says is a function of the conversation. */
import type { ServerResponse } from "node:http"
import { createServer } from "node:http"

/** One message of a request. */
export interface Said {
  readonly role: string
  readonly content: string
}

/** What is answered: a text, an error's status, code and sentence, or a body that is no answer. */
export type Reply =
  | string
  | { readonly status: number; readonly body: string; readonly type: string }
  | { readonly status: number; readonly code: string; readonly message: string }

const isSaid = (value: unknown): value is Said =>
  typeof value === "object" &&
  value !== null &&
  "role" in value &&
  "content" in value &&
  typeof value.role === "string" &&
  typeof value.content === "string"

const saidIn = (body: string): ReadonlyArray<Said> => {
  const value: unknown = JSON.parse(body)
  return typeof value === "object" &&
    value !== null &&
    "messages" in value &&
    Array.isArray(value.messages)
    ? value.messages.filter(isSaid)
    : []
}

const send = (response: ServerResponse, value: unknown, status = 200) => {
  response.writeHead(status, { "content-type": "application/json" })
  response.end(JSON.stringify(value))
}

/**
 * A listening server with one model named "scripted"; `count` says how often it was asked to speak.
 * It waits for a reply that is a promise.
 */
export const chatServer = async (reply: (said: ReadonlyArray<Said>) => Reply | Promise<Reply>) => {
  let count = 0
  const answer = async (response: ServerResponse, body: string) => {
    const id = `answer-${count}`
    const found = await reply(saidIn(body))
    if (typeof found === "string") {
      send(response, {
        id,
        object: "chat.completion",
        created: 0,
        model: "scripted",
        choices: [
          { index: 0, finish_reason: "stop", message: { role: "assistant", content: found } }
        ],
        usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 }
      })
      return
    }
    if ("body" in found) {
      response.writeHead(found.status, { "content-type": found.type })
      response.end(found.body)
      return
    }
    const { code, message, status } = found
    send(response, { error: { message, type: "error", code } }, status)
  }
  const server = createServer((request, response) => {
    let body = ""
    request.on("data", (chunk: Buffer) => {
      body += chunk.toString()
    })
    request.on("end", () => {
      if (request.url === "/v1/models") {
        send(response, { object: "list", data: [{ id: "scripted", object: "model" }] })
        return
      }
      count++
      void answer(response, body)
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve())
  })
  const address = server.address()
  const port = typeof address === "object" && address !== null ? address.port : 0
  return {
    address: `http://127.0.0.1:${port}/v1`,
    count: () => count,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
  }
}
