/** Against a small server that answers as the hub does: the real one is not asked by tests. */
import { createHash } from "node:crypto"
import { mkdtempSync, readdirSync } from "node:fs"
import { createServer } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { assert, describe, it } from "@effect/vitest"
import { loadTasks } from "@sml/tasks"
import * as Effect from "effect/Effect"

const commit = "0123456789abcdef0123456789abcdef01234567"

const line = (question: string) => JSON.stringify({ question, answer: "#### 1" })

const hub = Effect.acquireRelease(
  Effect.promise(async () => {
    const files = new Map<string, string>([
      ["README.md", "# hello"],
      ["dataset_infos.json", "{}"],
      ["main/train.jsonl", `${line("a")}\n${line("b")}`],
      ["main/test-00000-of-00002.jsonl", `${line("c")}\n${line("d")}`],
      ["main/test-00001-of-00002.jsonl", line("e")],
      ["socratic/test.jsonl", line("f")]
    ])
    const state = {
      files,
      endpoint: "",
      requests: new Array<string>(),
      tokens: new Array<string>(),
      failures: 0,
      status: 0,
      isWrong: false
    }
    const server = createServer((request, response) => {
      const path = decodeURIComponent(new URL(request.url ?? "/", state.endpoint).pathname)
      state.requests.push(path)
      if (request.headers.authorization !== undefined) {
        state.tokens.push(request.headers.authorization)
      }
      const send = (status: number, body: string) => {
        response.writeHead(status, { "Content-Type": "application/json" })
        response.end(body)
      }
      if (state.failures-- > 0) return send(503, "{}")
      if (state.status > 0) return send(state.status, "{}")
      if (path === "/api/datasets/who/what/revision/main") {
        return send(200, JSON.stringify({ _id: "1", id: "who/what", sha: commit }))
      }
      if (path === `/api/datasets/who/what/tree/${commit}`) {
        const entries = Array.from(files, ([name, text]) => {
          const oid = createHash("sha256")
            .update(state.isWrong ? "" : text)
            .digest("hex")
          const size = Buffer.byteLength(text)
          return { type: "file", path: name, size, oid: "0", lfs: { oid, size, pointerSize: 1 } }
        })
        return send(200, JSON.stringify(entries))
      }
      const text = files.get(path.replace(`/datasets/who/what/resolve/${commit}/`, ""))
      return text === undefined ? send(404, "{}") : send(200, text)
    })
    await new Promise<void>((ready) => {
      server.listen(0, "127.0.0.1", ready)
    })
    const address = server.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    state.endpoint = `http://127.0.0.1:${port}`
    const cache = mkdtempSync(join(tmpdir(), "sml-hub-"))
    return { server, state, options: { cache, endpoint: state.endpoint, pauseMillis: 1 } }
  }),
  ({ server }) =>
    Effect.promise(
      () =>
        new Promise<void>((closed) => {
          server.closeAllConnections()
          server.close(() => closed())
        })
    )
)

const prompts = (tasks: ReadonlyArray<{ readonly prompt: string }>) =>
  tasks.map(({ prompt }) => prompt)

describe("loadTasks", () => {
  it.effect("downloads the files of one split of one configuration, once", () =>
    Effect.gen(function* () {
      const { options, state } = yield* hub
      const wanted = { ...options, config: "main", split: "test" }
      assert.deepStrictEqual(prompts(yield* loadTasks("who/what", wanted)), ["c", "d", "e"])
      assert.lengthOf(
        state.requests.filter((path) => path.includes("/resolve/")),
        2
      )
      const { length } = state.requests
      const some = yield* loadTasks("who/what", { ...wanted, limit: 1, token: "secret" })
      assert.deepStrictEqual(prompts(some), ["c"])
      // only the commit was asked for
      assert.lengthOf(state.requests, length + 1)
      assert.deepStrictEqual(state.tokens, ["Bearer secret"])
      const file = yield* loadTasks("who/what/socratic/test.jsonl", options)
      assert.deepStrictEqual(prompts(file), ["f"])
    })
  )

  it.effect("uses its copy when nothing may be asked, or nobody answers", () =>
    Effect.gen(function* () {
      const { options, state } = yield* hub
      const wanted = { ...options, config: "socratic", split: "test" }
      const missing = yield* Effect.flip(loadTasks("who/what", { ...wanted, offline: true }))
      assert.match(missing.message, /nothing may be downloaded \(HF_HUB_OFFLINE\)/)
      yield* loadTasks("who/what", wanted)
      const { length } = state.requests
      assert.lengthOf(yield* loadTasks("who/what", { ...wanted, offline: true }), 1)
      assert.lengthOf(state.requests, length)
      state.status = 500
      assert.lengthOf(yield* loadTasks("who/what", wanted), 1)
      const other = yield* Effect.flip(
        loadTasks("who/what", { ...options, config: "main", split: "train", offline: true })
      )
      assert.match(other.message, /main\/train\.jsonl is not in/)
    })
  )

  it.live("asks again when the hub is busy", () =>
    Effect.gen(function* () {
      const { options, state } = yield* hub
      state.failures = 3
      assert.lengthOf(
        yield* loadTasks("who/what", { ...options, config: "main", split: "train" }),
        2
      )
      state.failures = 99
      const busy = yield* Effect.flip(
        loadTasks("who/what", { ...options, cache: `${options.cache}2`, attempts: 2 })
      )
      assert.match(busy.message, /could not be downloaded: it answered 503; check the connection/)
    }).pipe(Effect.scoped)
  )

  it.effect("keeps nothing whose bytes are wrong", () =>
    Effect.gen(function* () {
      const { options, state } = yield* hub
      state.isWrong = true
      const error = yield* Effect.flip(
        loadTasks("who/what", { ...options, config: "main", split: "train" })
      )
      assert.match(error.message, /is not what the hub describes: its bytes have the sha256/)
      const files = readdirSync(options.cache, { recursive: true }).map(String)
      assert.isEmpty(files.filter((path) => /\.(?:jsonl|part)$/.test(path)))
    })
  )

  it.effect("says what to add or change", () =>
    Effect.gen(function* () {
      const { options, state } = yield* hub
      const message = (name: string, more: object = {}) =>
        Effect.map(Effect.flip(loadTasks(name, { ...options, ...more })), (error) => error.message)
      assert.match(yield* message("who/what"), /several files .* add a split to choose one of main/)
      assert.match(yield* message("who/what", { split: "test" }), /add a config to choose one of/)
      assert.match(yield* message("who/what", { split: "dev" }), /no file of it is named after dev/)
      assert.match(yield* message("who/what/none.csv"), /it has no file none\.csv/)
      assert.match(yield* message("nobody/nothing"), /There is no data set nobody\/nothing at/)
      assert.match(yield* message("../secrets"), /is no name of a data set/)
      state.status = 403
      assert.match(yield* message("who/what", { cache: `${options.cache}3` }), /is gated; accept/)
    })
  )
})
