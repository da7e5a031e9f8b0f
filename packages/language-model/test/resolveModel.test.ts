import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { assert, describe, it } from "@effect/vitest"
import {
  type DownloadProgress,
  HubError,
  resolveModel,
  type ResolveModelOptions
} from "@sml/language-model"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as fc from "fast-check"

import { type HubServer, hubServer, sha256 } from "./hubServer.ts"

const text = (words: string) => new TextEncoder().encode(words)

const weights = new Uint8Array(300_000).map((_, i) => (i * 7919) % 251)

const model = new Map([
  ["config.json", text("{}")],
  ["tokenizer.json", text('{"model":{}}')],
  ["chat_template.jinja", text("{{ messages }}")],
  ["model.safetensors", weights],
  ["pytorch_model.bin", text("not this one")],
  ["README.md", text("nor this")]
])

const temporary = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "hub-"))),
  (directory) => Effect.promise(() => rm(directory, { recursive: true, force: true }))
)

const start = Effect.gen(function* () {
  const hub = yield* hubServer
  for (const [name, bytes] of model) hub.files.set(name, bytes)
  const cache = yield* temporary
  const options = {
    cache,
    endpoint: hub.endpoint,
    attempts: 3,
    pauseMillis: 1,
    stallMillis: 2000
  } satisfies ResolveModelOptions
  return { cache, hub, options }
})

const bytesOf = (file: string) => Effect.promise(() => readFile(file))

const partsIn = (folder: string) =>
  Effect.promise(async () =>
    (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".part"))
  )

/** Cuts the connection in the middle of the weights, so many times. */
const cutting = (hub: HubServer, times: number, at = 100_000) => {
  let left = times
  hub.trouble = (request, response) => {
    if (left === 0 || request.url?.includes("/resolve/") !== true) return false
    if (!request.url.endsWith("model.safetensors")) return false
    left--
    const [, from] = /^bytes=(\d+)-$/.exec(request.headers.range ?? "") ?? []
    const begin = Number(from ?? 0)
    response.writeHead(from === undefined ? 200 : 206, {
      "Content-Length": weights.length - begin,
      "Content-Range": `bytes ${begin}-${weights.length - 1}/${weights.length}`
    })
    response.write(weights.subarray(begin, Math.min(weights.length, begin + at)), () => {
      setTimeout(() => response.destroy(), 20)
    })
    return true
  }
}

const says = (status: number, code?: string) => (hub: HubServer) => {
  hub.trouble = (_, response) => {
    response.writeHead(status, code === undefined ? {} : { "X-Error-Code": code })
    response.end("no")
    return true
  }
}

describe("resolveModel", () => {
  it.effect("gives a path back as it is", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* resolveModel(import.meta.dirname), import.meta.dirname)
      for (const path of ["./no/where", "/no/where", "nowhere", "../a", "a/b/c"]) {
        assert.strictEqual(yield* resolveModel(path), path)
      }
    })
  )

  it.live("downloads what a model needs, once, and tells how far it is", () =>
    Effect.gen(function* () {
      const { hub, options } = yield* start
      const seen: Array<DownloadProgress> = []
      const folder = yield* resolveModel("who/what", {
        ...options,
        token: "hf_secret",
        onProgress: (progress) => seen.push(progress)
      })
      const names = yield* Effect.promise(() => readdir(folder))
      assert.deepStrictEqual(names.toSorted(), [
        "chat_template.jinja",
        "config.json",
        "model.safetensors",
        "tokenizer.json"
      ])
      assert.deepStrictEqual(
        new Uint8Array(yield* bytesOf(join(folder, "model.safetensors"))),
        weights
      )
      const total = weights.length + 2 + 12 + 14
      const last = seen.at(-1)
      assert.strictEqual(last?.bytesDone, total)
      assert.strictEqual(last?.bytesTotal, total)
      assert.strictEqual(last?.bytesFetched, total)
      assert.isTrue(seen.every(({ bytesDone }, i) => bytesDone >= (seen[i - 1]?.bytesDone ?? 0)))
      assert.isTrue(hub.tokens.every((token) => token === "Bearer hf_secret"))
      const count = hub.requests.length
      assert.strictEqual(yield* resolveModel("who/what", options), folder)
      assert.strictEqual(hub.requests.length, count + 1)
      // a commit does not change, so that nothing has to be asked
      assert.strictEqual(yield* resolveModel(`who/what@${hub.commit}`, options), folder)
      assert.strictEqual(hub.requests.length, count + 1)
    })
  )

  it.live("takes the shards that the index names, and no others", () =>
    Effect.gen(function* () {
      const { hub, options } = yield* start
      hub.files.delete("model.safetensors")
      hub.files.set("a.safetensors", text("a")).set("b.safetensors", text("bb"))
      hub.files.set("c.safetensors", text("c"))
      const map = { x: "a.safetensors", y: "b.safetensors", z: "a.safetensors" }
      const index = (of: Record<string, string>) =>
        hub.files.set("model.safetensors.index.json", text(JSON.stringify({ weight_map: of })))
      index({ ...map, w: "../../../outside" })
      const error = yield* Effect.flip(resolveModel("who/what", options))
      assert.match(error.message, /names \.\.\/\.\.\/\.\.\/outside, which is not there\.$/)
      hub.commit = hub.commit.replace("0", "f")
      index(map)
      const names = yield* Effect.flatMap(resolveModel("who/what", options), (folder) =>
        Effect.promise(() => readdir(folder))
      )
      assert.includeMembers(names, ["a.safetensors", "b.safetensors"])
      assert.notInclude(names, "c.safetensors")
    })
  )

  it.live("takes one GGUF file out of a folder", () =>
    Effect.gen(function* () {
      const { cache, hub, options } = yield* start
      hub.files.set("quantised/model Q8_0.gguf", weights)
      const file = yield* resolveModel("who/what/quantised/model Q8_0.gguf", options)
      assert.isTrue(file.startsWith(cache) && file.endsWith("model Q8_0.gguf"))
      assert.strictEqual(sha256(yield* bytesOf(file)), sha256(weights))
      const error = yield* Effect.flip(resolveModel("who/what/other.gguf", options))
      assert.match(error.message, /has no file other\.gguf/)
      hub.trouble = (_, response) => response.destroy() !== undefined
      assert.strictEqual(yield* resolveModel("who/what/quantised/model Q8_0.gguf", options), file)
    })
  )

  it.live("goes on where the connection was cut", () =>
    Effect.gen(function* () {
      const { cache, hub, options } = yield* start
      cutting(hub, 2)
      const folder = yield* resolveModel("who/what", options)
      assert.strictEqual(sha256(yield* bytesOf(join(folder, "model.safetensors"))), sha256(weights))
      assert.deepStrictEqual(hub.ranges, ["bytes=100000-", "bytes=200000-"])
      assert.deepStrictEqual(yield* partsIn(cache), [])
    })
  )

  it.live("goes on with what an earlier, failed download left", () =>
    Effect.gen(function* () {
      const { cache, hub, options } = yield* start
      cutting(hub, 1)
      const behind = hub.trouble
      // after the cut the hub is away
      hub.trouble = (request, response) =>
        behind(request, response) ||
        (request.headers.range !== undefined && response.destroy() !== undefined)
      const away = yield* Effect.flip(resolveModel("who/what", options))
      assert.match(away.message, /could not be downloaded: .*goes on where it stopped/)
      assert.strictEqual((yield* partsIn(cache)).length, 1)
      hub.trouble = () => false
      hub.ranges.length = 0
      const seen: Array<DownloadProgress> = []
      const folder = yield* resolveModel("who/what", {
        ...options,
        onProgress: (progress) => seen.push(progress)
      })
      assert.deepStrictEqual(hub.ranges, ["bytes=100000-"])
      assert.strictEqual(seen.at(-1)?.bytesFetched, 200_000)
      assert.strictEqual(sha256(yield* bytesOf(join(folder, "model.safetensors"))), sha256(weights))
      assert.deepStrictEqual(yield* partsIn(cache), [])
    })
  )

  it.live("begins again when what was left is not the hub's, or the hub cannot go on", () =>
    Effect.gen(function* () {
      const { hub, options } = yield* start
      cutting(hub, 1)
      const inner = hub.trouble
      // sends the whole file although a part was asked for
      hub.trouble = (request, response) => {
        if (request.headers.range === undefined) return inner(request, response)
        response.writeHead(200, { "Content-Length": weights.length })
        response.end(weights)
        return true
      }
      const folder = yield* resolveModel("who/what", options)
      const target = join(folder, "model.safetensors")
      assert.strictEqual(sha256(yield* bytesOf(target)), sha256(weights))

      hub.trouble = () => false
      yield* Effect.promise(() => rm(target))
      // of a process that has ended: no process has this number
      const { hostname } = yield* Effect.promise(() => import("node:os"))
      const host = hostname().replace(/[^A-Za-z0-9-]/g, "")
      yield* Effect.promise(() => writeFile(`${target}.${host}.4194305.0.part`, "wrong"))
      yield* resolveModel("who/what", options)
      assert.strictEqual(sha256(yield* bytesOf(target)), sha256(weights))
      assert.include(hub.ranges, "bytes=5-")
    })
  )

  it.live("refuses bytes that the hub did not describe", () =>
    Effect.gen(function* () {
      const { cache, hub, options } = yield* start
      hub.wrongHash.add("model.safetensors")
      const error = yield* Effect.flip(resolveModel("who/what", options))
      assert.match(error.message, /have the sha256 [0-9a-f]{64}, not 0{64}/)
      assert.deepStrictEqual(yield* partsIn(cache), [])
    })
  )

  it.live("gives up a hub that sends nothing more", () =>
    Effect.gen(function* () {
      const { hub, options } = yield* start
      hub.trouble = (request, response) => {
        if (request.url?.endsWith("model.safetensors") !== true) return false
        response.writeHead(200, { "Content-Length": weights.length })
        response.write(weights.subarray(0, 10))
        return true
      }
      const settings = { ...options, attempts: 1, stallMillis: 60 }
      const error = yield* Effect.flip(resolveModel("who/what", settings))
      assert.match(error.message, /nothing came for 0\.06 s/)
      hub.trouble = () => true
      const silent = yield* Effect.flip(resolveModel("who/what@main", settings))
      assert.match(silent.message, /nothing came for 0\.06 s/)
    })
  )

  it.live.each<readonly [string, (hub: HubServer) => void, string, RegExp]>([
    ["no model", says(401, "RepoNotFound"), "who/none", /There is no folder who\/none here and no/],
    ["no model with a token", says(404, "RepoNotFound"), "who/none", /check the spelling/],
    ["no revision", () => {}, "who/what@v9", /has no revision v9/],
    ["a gate", says(403, "GatedRepo"), "who/what", /is gated; accept its terms there/],
    ["a bad token", says(401), "who/what", /refuses the token in HF_TOKEN/],
    ["a hub out of order", says(503), "who/what", /could not be downloaded: it answered 503/],
    [
      "no weights",
      (hub) => hub.files.delete("model.safetensors"),
      "who/what",
      /has no model\.safetensors; choose a model that is kept in safetensors/
    ],
    [
      "GGUF files only",
      (hub) => {
        hub.files.clear()
        hub.files.set("m.gguf", weights)
      },
      "who/what",
      /has no config\.json; name one of its GGUF files, such as who\/what\/m\.gguf/
    ],
    [
      "a commit that is none",
      (hub) => {
        hub.commit = "../../outside"
      },
      "who/what",
      /is not what the hub describes/
    ]
  ])("says so: %s", ([, prepare, source, sentence]) =>
    Effect.gen(function* () {
      const { hub, options } = yield* start
      prepare(hub)
      const error = yield* Effect.flip(resolveModel(source, { ...options, token: "hf_x" }))
      assert.instanceOf(error, HubError)
      assert.match(error.message, sentence)
      assert.match(error.message, /^[^\n]+\.$/)
    })
  )

  it.live("does without a connection when the model is there as a whole", () =>
    Effect.gen(function* () {
      const { hub, options } = yield* start
      const offline = { ...options, offline: true }
      const error = yield* Effect.flip(resolveModel("who/what", offline))
      assert.match(error.message, /is not in .* as a whole and nothing may be downloaded/)
      assert.deepStrictEqual(hub.requests, [])
      const folder = yield* resolveModel("who/what", options)
      const count = hub.requests.length
      assert.strictEqual(yield* resolveModel("who/what", offline), folder)
      assert.strictEqual(hub.requests.length, count)
      hub.trouble = (_, response) => response.destroy() !== undefined
      assert.strictEqual(yield* resolveModel("who/what", options), folder)
      yield* Effect.promise(() => rm(join(folder, "tokenizer.json")))
      assert.match(
        (yield* Effect.flip(resolveModel("who/what", options))).message,
        /could not be downloaded/
      )
      // no token, endpoint or cache given: all from the environment
      const found = yield* resolveModel("who/what").pipe(
        Effect.flip,
        Effect.provide(
          ConfigProvider.layer(
            ConfigProvider.fromUnknown({ HF_HUB_OFFLINE: "1", SML_CACHE: join(options.cache, "x") })
          )
        )
      )
      assert.include(found.message, join(options.cache, "x"))
    })
  )

  it.live("downloads side by side, and leaves its part when it is interrupted", () =>
    Effect.gen(function* () {
      const { cache, hub, options } = yield* start
      const folders = yield* Effect.all(
        [1, 2, 3].map(() => resolveModel("who/what", options)),
        { concurrency: "unbounded" }
      )
      assert.strictEqual(new Set(folders).size, 1)
      const target = join(folders[0] ?? "", "model.safetensors")
      assert.strictEqual(sha256(yield* bytesOf(target)), sha256(weights))
      assert.deepStrictEqual(yield* partsIn(cache), [])

      yield* Effect.promise(() => rm(target))
      hub.trouble = (request, response) => {
        if (request.url?.endsWith("model.safetensors") !== true) return false
        response.writeHead(200, { "Content-Length": weights.length })
        response.write(weights.subarray(0, 1000))
        return true
      }
      const fiber = yield* Effect.forkChild(resolveModel("who/what", options))
      yield* Effect.sleep(100)
      yield* Fiber.interrupt(fiber)
      assert.strictEqual((yield* partsIn(cache)).length, 1)
      hub.trouble = () => false
      yield* resolveModel("who/what", options)
      assert.deepStrictEqual(hub.ranges, ["bytes=1000-"])
      assert.strictEqual(sha256(yield* bytesOf(target)), sha256(weights))
    })
  )

  it("never writes outside its cache, whatever it is asked for and answered", async () => {
    const wild = fc.stringMatching(/^[a-z.@/\\%:]{0,12}(\.gguf)?$/)
    await fc.assert(
      fc.asyncProperty(wild, wild, async (left, right) => {
        const cache = await mkdtemp(join(tmpdir(), "hub-"))
        const inner = join(cache, "a", "b", "c")
        const source = `who/${left}/${right}`
        const options = { cache: inner, endpoint: "http://127.0.0.1:9", offline: true }
        const result = await Effect.runPromise(Effect.result(resolveModel(source, options)))
        const made = await readdir(cache)
        await rm(cache, { recursive: true })
        assert.deepStrictEqual(made, [])
        assert.isTrue(result._tag === "Failure" || result.success === source)
      }),
      { numRuns: 50 }
    )
  })
})
