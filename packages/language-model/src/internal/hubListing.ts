/** What a hub says about a model: its commit and its files. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

import { type HubConnection, hubFetch } from "./HubConnection.ts"
import { HubFault, hubFault } from "./HubFault.ts"
import type { HubName } from "./HubName.ts"

const Commit = Schema.Struct({
  sha: Schema.String.pipe(Schema.check(Schema.isPattern(/^[0-9a-f]{40,64}$/)))
})

const Entry = Schema.Struct({
  type: Schema.String,
  path: Schema.String,
  size: Schema.Int.pipe(Schema.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 46 }))),
  lfs: Schema.optionalKey(
    Schema.Struct({ oid: Schema.String.pipe(Schema.check(Schema.isPattern(/^[0-9a-f]{64}$/))) })
  )
})
export type HubEntry = typeof Entry.Type

// a folder of more entries is no model
const mostEntries = 10_000

const decode = <A>(schema: Schema.Codec<A, unknown>, value: unknown): A => {
  const decoded = Schema.decodeUnknownResult(schema)(value)
  if (decoded._tag === "Success") return decoded.success
  throw new HubFault("content", decoded.failure.message.replace(/\s+/g, " ").trim().slice(0, 200))
}

// the library is large and only needed here
const library = () => import("@huggingface/hub")

const ask = <A>(run: (signal: AbortSignal) => Promise<A>) =>
  Effect.tryPromise({ try: run, catch: hubFault })

/** The commit that a revision stands for. */
export const hubCommit = (connection: HubConnection, { repository, revision }: HubName) =>
  ask(async (signal) => {
    const { modelInfo } = await library()
    const info = await modelInfo({
      name: repository,
      revision,
      additionalFields: ["sha"],
      hubUrl: connection.endpoint,
      fetch: hubFetch(connection, signal)
    })
    return decode(Commit, info).sha
  })

/** The files of one folder of a commit. */
export const hubEntries = (
  connection: HubConnection,
  repository: string,
  commit: string,
  folder: string
) =>
  ask(async (signal) => {
    const { listFiles } = await library()
    const entries: Array<HubEntry> = []
    const path = folder.split("/").map(encodeURIComponent).join("/")
    for await (const entry of listFiles({
      repo: { type: "model", name: repository },
      revision: commit,
      ...(path !== "" && { path }),
      hubUrl: connection.endpoint,
      fetch: hubFetch(connection, signal)
    })) {
      if (entries.length >= mostEntries) {
        throw new HubFault("content", `it lists more than ${mostEntries} files`)
      }
      if (entry.type === "file") entries.push(decode(Entry, entry))
    }
    return entries
  })
