/** A hub in miniature: the answers of huggingface.co that a download needs, and its failures. */
import { createHash } from "node:crypto"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"

import * as Effect from "effect/Effect"

/** What a request is answered with instead of what the hub would say; `true` when it was answered. */
type Trouble = (request: IncomingMessage, response: ServerResponse) => boolean

export interface HubServer {
  readonly endpoint: string
  readonly requests: Array<string>
  readonly ranges: Array<string>
  readonly tokens: Array<string>
  trouble: Trouble
  commit: string
  readonly files: Map<string, Uint8Array>
  readonly wrongHash: Set<string>
}

export const sha256 = (bytes: Uint8Array): string =>
  createHash("sha256").update(bytes).digest("hex")

const answer = (response: ServerResponse, status: number, body: unknown, code?: string) => {
  response.writeHead(status, {
    "Content-Type": "application/json",
    ...(code !== undefined && { "X-Error-Code": code })
  })
  response.end(JSON.stringify(body))
}

const sendFile = (request: IncomingMessage, response: ServerResponse, bytes: Uint8Array) => {
  const [, from] = /^bytes=(\d+)-$/.exec(request.headers.range ?? "") ?? []
  const begin = Number(from ?? 0)
  response.writeHead(from === undefined ? 200 : 206, {
    "Content-Length": bytes.length - begin,
    ...(from !== undefined && {
      "Content-Range": `bytes ${begin}-${bytes.length - 1}/${bytes.length}`
    })
  })
  response.end(bytes.subarray(begin))
}

/** Serves the one model `who/what`. */
export const hubServer = Effect.acquireRelease(
  Effect.promise(async () => {
    const server = createServer((request, response) => {
      const url = new URL(request.url ?? "/", hub.endpoint)
      const path = decodeURIComponent(url.pathname)
      hub.requests.push(path)
      if (request.headers.range !== undefined) hub.ranges.push(request.headers.range)
      if (request.headers.authorization !== undefined) {
        hub.tokens.push(request.headers.authorization)
      }
      if (hub.trouble(request, response)) return
      const revisions = "/api/models/who/what/revision/"
      if (path.startsWith(revisions)) {
        const revision = path.slice(revisions.length)
        if (revision !== "main" && revision !== hub.commit) {
          answer(response, 404, { error: "Invalid rev id" }, "RevisionNotFound")
          return
        }
        answer(response, 200, {
          _id: "1",
          id: "who/what",
          sha: hub.commit,
          lastModified: "2026-01-01T00:00:00.000Z"
        })
        return
      }
      const tree = `/api/models/who/what/tree/${hub.commit}`
      if (path === tree || path.startsWith(`${tree}/`)) {
        const folder = path === tree ? "" : `${path.slice(tree.length + 1)}/`
        const inside = [...hub.files].filter(
          ([name]) => name.startsWith(folder) && !name.slice(folder.length).includes("/")
        )
        answer(
          response,
          200,
          inside.map(([name, bytes]) => {
            const entry = { type: "file", path: name, size: bytes.length, oid: "0".repeat(40) }
            const oid = hub.wrongHash.has(name) ? "0".repeat(64) : sha256(bytes)
            const lfs = { oid, size: bytes.length, pointerSize: 130 }
            return /\.(safetensors|gguf)$/.test(name) ? Object.assign(entry, { lfs }) : entry
          })
        )
        return
      }
      const resolve = `/who/what/resolve/${hub.commit}/`
      const bytes = path.startsWith(resolve) ? hub.files.get(path.slice(resolve.length)) : undefined
      if (bytes !== undefined) sendFile(request, response, bytes)
      else answer(response, 401, { error: "Repository not found" }, "RepoNotFound")
    })
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready))
    const address = server.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    const hub: HubServer = {
      endpoint: `http://127.0.0.1:${port}`,
      requests: [],
      ranges: [],
      tokens: [],
      trouble: () => false,
      commit: "0123456789abcdef0123456789abcdef01234567",
      files: new Map(),
      wrongHash: new Set()
    }
    return { hub, server }
  }),
  ({ server }) =>
    Effect.promise(
      () =>
        new Promise<void>((closed) => {
          server.closeAllConnections()
          server.close(() => closed())
        })
    )
).pipe(Effect.map(({ hub }) => hub))
