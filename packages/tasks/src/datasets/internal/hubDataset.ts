/** What a hub says about a data set, and its files onto the disk. */
import { createHash, randomUUID } from "node:crypto"
import { mkdir, open, rename, rm } from "node:fs/promises"
import { dirname } from "node:path"

import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

import { HubFault } from "./HubFault.ts"

export interface HubSettings {
  readonly cache: string
  /** Without a slash at the end. */
  readonly endpoint: string
  readonly token: string | undefined
  readonly offline: boolean
  readonly attempts: number
  readonly pauseMillis: number
  readonly stallMillis: number
}

// asks with a deadline that every piece of the answer puts off
const hubRequest = async (
  { endpoint, stallMillis, token }: HubSettings,
  url: string | URL,
  headers: Headers,
  signal: AbortSignal
) => {
  const deadline = new AbortController()
  const fault = new HubFault("network", `nothing came for ${stallMillis / 1000} s`)
  const timer = setTimeout(() => deadline.abort(fault), stallMillis)
  // a page or a redirection may lead elsewhere
  if (token !== undefined && new URL(url).origin === new URL(endpoint).origin) {
    headers.set("Authorization", `Bearer ${token}`)
  }
  const done = () => clearTimeout(timer)
  try {
    const response = await fetch(url, {
      headers,
      signal: AbortSignal.any([signal, deadline.signal])
    })
    if (!response.ok) {
      await response.body?.cancel()
      const { headers: said, status } = response
      throw new HubFault("status", `it answered ${status}`, status, said.get("X-Error-Code") ?? "")
    }
    return { response, alive: () => timer.refresh(), done }
  } catch (cause) {
    done()
    throw cause
  }
}

/** A `fetch` for the hub's own library, of which every answer is read within the deadline. */
const hubFetch =
  (settings: HubSettings, signal: AbortSignal): typeof fetch =>
  async (input, init) => {
    const url = input instanceof Request ? input.url : input
    const { done, response } = await hubRequest(settings, url, new Headers(init?.headers), signal)
    try {
      const text = await response.text()
      return new Response(text, { status: response.status, headers: response.headers })
    } finally {
      done()
    }
  }

const Commit = Schema.Struct({ sha: Schema.String.check(Schema.isPattern(/^[0-9a-f]{40,64}$/)) })

/** A file of a data set; `sha256` where the hub says it. */
export const HubEntry = Schema.Struct({
  path: Schema.String,
  size: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 46 })),
  sha256: Schema.optionalKey(Schema.String)
})
export type HubEntry = typeof HubEntry.Type

const Listed = Schema.Struct({
  type: Schema.String,
  path: Schema.String,
  size: Schema.Int,
  lfs: Schema.optionalKey(Schema.Struct({ oid: Schema.String }))
})

const decodeAs = <A>(schema: Schema.Codec<A, unknown>, value: unknown): A => {
  const decoded = Schema.decodeUnknownResult(schema)(value)
  if (Result.isSuccess(decoded)) return decoded.success
  throw new HubFault("content", decoded.failure.message.replaceAll(/\s+/g, " ").slice(0, 200))
}

// the library is large and only needed here
const library = () => import("@huggingface/hub")

/** The commit that a revision stands for. */
export const hubCommit = async (
  settings: HubSettings,
  repository: string,
  revision: string,
  signal: AbortSignal
): Promise<string> => {
  const { datasetInfo } = await library()
  const info = await datasetInfo({
    name: repository,
    revision,
    additionalFields: ["sha"],
    hubUrl: settings.endpoint,
    fetch: hubFetch(settings, signal)
  })
  return decodeAs(Commit, info).sha
}

const mostEntries = 20_000

/** All files of a commit. */
export const hubEntries = async (
  settings: HubSettings,
  repository: string,
  commit: string,
  signal: AbortSignal
): Promise<ReadonlyArray<HubEntry>> => {
  const { listFiles } = await library()
  const entries: Array<HubEntry> = []
  for await (const entry of listFiles({
    repo: { type: "dataset", name: repository },
    revision: commit,
    recursive: true,
    hubUrl: settings.endpoint,
    fetch: hubFetch(settings, signal)
  })) {
    if (entries.length >= mostEntries) {
      throw new HubFault("content", `it lists more than ${mostEntries} files`)
    }
    if (entry.type !== "file") continue
    const { lfs, path, size } = decodeAs(Listed, entry)
    // a name that leads out of the cache is no name
    if (path.startsWith("/") || path.split("/").includes("..") || path.includes("\\")) continue
    entries.push({ path, size, ...(lfs !== undefined && { sha256: lfs.oid }) })
  }
  return entries
}

/** One file into its place, which it takes only when it is whole and right. */
export const downloadFile = async (
  settings: HubSettings,
  url: string,
  entry: HubEntry,
  target: string,
  signal: AbortSignal
): Promise<void> => {
  await mkdir(dirname(target), { recursive: true })
  const part = `${target}.${randomUUID()}.part`
  const hash = createHash("sha256")
  let bytes = 0
  try {
    const headers = new Headers({ "Accept-Encoding": "identity" })
    const { alive, done, response } = await hubRequest(settings, url, headers, signal)
    try {
      const file = await open(part, "w")
      try {
        for await (const chunk of response.body ?? []) {
          alive()
          bytes += chunk.length
          if (bytes > entry.size)
            throw new HubFault("content", `more than ${entry.size} bytes came`)
          hash.update(chunk)
          await file.appendFile(chunk)
        }
        await file.sync()
      } finally {
        await file.close()
      }
    } finally {
      done()
    }
    if (bytes < entry.size) {
      throw new HubFault("network", `the connection ended at byte ${bytes} of ${entry.size}`)
    }
    const found = hash.digest("hex")
    if (entry.sha256 !== undefined && found !== entry.sha256) {
      throw new HubFault("content", `its bytes have the sha256 ${found}, not ${entry.sha256}`)
    }
    await rename(part, target)
  } finally {
    await rm(part, { force: true })
  }
}
