/** A data set's name on the Hugging Face hub → tasks. */
import { randomUUID } from "node:crypto"
import { mkdir, readFile, rename, stat, writeFile } from "node:fs/promises"
import { homedir } from "node:os"
import { dirname, join } from "node:path"

import type { Task } from "@sml/env-pomdp"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"

import { TaskSourceError } from "../TaskSourceError.ts"
import { chooseFiles } from "./internal/chooseFiles.ts"
import {
  downloadFile,
  hubCommit,
  hubEntries,
  HubEntry,
  type HubSettings
} from "./internal/hubDataset.ts"
import { HubFault, hubFault } from "./internal/HubFault.ts"
import { readTasks, type ReadTasksOptions } from "./readTasks.ts"

/**
 * - `split`, `config`: words of the file's path, such as `test` and `socratic`; needed where several
 *   files may be meant.
 * - `file`: the path of one file; also as `owner/name/path` in the name.
 * - `format`, `mapping`, `limit`: as for `readTasks`.
 *
 * What is left out of these comes from the environment (Effect's `Config`):
 *
 * - `cache`: the folder that keeps downloads; `SML_CACHE`, else `~/.cache/sml/hub`.
 * - `endpoint`: the hub; `HF_ENDPOINT`, else `https://huggingface.co`.
 * - `token`: `HF_TOKEN`; sent to the endpoint only.
 * - `offline`: nothing is asked for; `HF_HUB_OFFLINE`.
 * - `stallMillis`: a request is given up after so long without a byte; 30 000.
 * - `attempts`: how often a file is asked for; 5. `pauseMillis`: before the second attempt, twice as
 *   long before the third, and so on; 500.
 */
export interface LoadTasksOptions extends Omit<ReadTasksOptions, "path"> {
  readonly split?: string
  readonly config?: string
  readonly file?: string
  readonly cache?: string
  readonly endpoint?: string
  readonly token?: string
  readonly offline?: boolean
  readonly stallMillis?: number
  readonly attempts?: number
  readonly pauseMillis?: number
}

const variable = (name: string) =>
  Effect.map(Effect.orDie(Config.option(Config.String(name))), (found) =>
    Option.getOrUndefined(Option.filter(found, (text) => text !== ""))
  )

const settingsOf = Effect.fnUntraced(function* (options: LoadTasksOptions) {
  const offline = yield* variable("HF_HUB_OFFLINE")
  const endpoint = options.endpoint ?? (yield* variable("HF_ENDPOINT")) ?? "https://huggingface.co"
  const settings: HubSettings = {
    cache:
      options.cache ?? (yield* variable("SML_CACHE")) ?? join(homedir(), ".cache", "sml", "hub"),
    endpoint: endpoint.replace(/\/+$/, ""),
    token: options.token ?? (yield* variable("HF_TOKEN")),
    offline: options.offline ?? /^(1|true|yes|on)$/i.test(offline ?? ""),
    attempts: options.attempts ?? 5,
    pauseMillis: options.pauseMillis ?? 500,
    stallMillis: options.stallMillis ?? 30_000
  }
  return settings
})

// no name begins with a dot, so that none leads out of the cache
const namePattern =
  /^([A-Za-z0-9_][\w.-]{0,95}\/[A-Za-z0-9_][\w.-]{0,95})(?:\/([^@]+))?(?:@([\w][\w./-]{0,200}))?$/

const ask = <A>(settings: HubSettings, run: (signal: AbortSignal) => Promise<A>) =>
  Effect.tryPromise({ try: run, catch: hubFault }).pipe(
    Effect.retry({
      times: settings.attempts - 1,
      while: (fault) => fault.isPassing,
      schedule: Schedule.exponential(settings.pauseMillis)
    })
  )

const onDisk = <A>(run: () => Promise<A>) => Effect.tryPromise({ try: run, catch: hubFault })

const readText = (path: string) =>
  Effect.promise(() =>
    readFile(path, "utf8").then(
      (text) => text,
      () => undefined
    )
  )

// written beside its place, so that nobody reads half of it
const writeWhole = (path: string, text: string) =>
  onDisk(async () => {
    await mkdir(dirname(path), { recursive: true })
    const part = `${path}.${randomUUID()}.part`
    await writeFile(part, text)
    await rename(part, path)
  })

const sizeOf = (path: string) =>
  Effect.promise(() =>
    stat(path).then(
      (found) => found.size,
      () => undefined
    )
  )

const Listing = Schema.fromJsonString(Schema.Array(HubEntry))

const explain = (fault: HubFault, name: string, settings: HubSettings, revision: string) => {
  const { cache, endpoint } = settings
  const { code, kind, message, status } = fault
  const at = `${endpoint}/datasets/${name}`
  if (kind === "disk") {
    return `${name} could not be kept in ${cache} (${message}); make room, or set SML_CACHE to a writable folder.`
  }
  if (kind === "content") {
    return `What came from ${at} is not what the hub describes: ${message}; try again later, or choose another revision.`
  }
  if (fault.isPassing) {
    return `${at} could not be downloaded: ${message}; check the connection and try again, or give the path of a file.`
  }
  if (code === "GatedRepo" || status === 403) {
    return `${at} is gated; accept its terms there and set HF_TOKEN to a token of that account.`
  }
  if (code === "RevisionNotFound") {
    return `${at} has no revision ${revision}; look there for its branches and tags.`
  }
  if (status === 401 || status === 404) {
    return `There is no data set ${name} at ${endpoint} that may be read; check the spelling, or set HF_TOKEN if it is private.`
  }
  return `${at} could not be downloaded: ${message}; look at it in a browser, or give the path of a file.`
}

/**
 * The tasks of a data set of the Hugging Face hub: `owner/name`, `owner/name@revision` or
 * `owner/name/path/of/a/file`. Only the files of the split are downloaded, into the cache, where they
 * come into their places when their size and, where the hub gives it, their SHA-256 are right; a
 * complete copy is used again, also without a connection. Then as `readTasks`.
 *
 * Fails with a `TaskSourceError`: no such data set, gated, offline, unreachable, wrong bytes, no
 * space, several files that may be meant, and whatever `readTasks` fails with.
 *
 * @example
 * ```ts no-run
 * const tasks = yield* loadTasks("openai/gsm8k", { config: "main", split: "test", limit: 50 })
 * ```
 */
export const loadTasks = Effect.fn("loadTasks")(function* (
  name: string,
  options: LoadTasksOptions = {}
) {
  const [, repository, path, revision = "main"] = namePattern.exec(name) ?? []
  if (repository === undefined) {
    return yield* new TaskSourceError({
      reason: `${name} is no name of a data set; write owner/name, or give the path of a file to readTasks.`
    })
  }
  const settings = yield* settingsOf(options)
  const { config, file = path, format, limit = Infinity, mapping, split } = options
  const root = join(settings.cache, `datasets--${repository.replace("/", "--")}`)
  const refuse = (what: string) =>
    new TaskSourceError({
      reason: `${settings.endpoint}/datasets/${repository} cannot be used: ${what}.`
    })

  const locate = Effect.gen(function* () {
    const ref = join(root, "refs", encodeURIComponent(revision))
    const known = (yield* readText(ref))?.trim()
    const manifest = (commit: string) => join(root, `${commit}.json`)
    const kept =
      known === undefined
        ? undefined
        : Result.getOrUndefined(
            Schema.decodeUnknownResult(Listing)(yield* readText(manifest(known)))
          )
    const copy =
      known === undefined || kept === undefined ? undefined : { commit: known, entries: kept }
    if (settings.offline) {
      return (
        copy ??
        (yield* refuse(
          `it is not in ${settings.cache} and nothing may be downloaded (HF_HUB_OFFLINE); take that setting away once`
        ))
      )
    }
    // where a copy is at hand, a hub that does not answer is not waited for
    const patience = copy === undefined ? settings : { ...settings, attempts: 1 }
    const answer = yield* Effect.result(
      ask(patience, (signal) => hubCommit(settings, repository, revision, signal))
    )
    if (Result.isFailure(answer)) {
      return copy !== undefined && answer.failure.isPassing
        ? copy
        : yield* Effect.fail(answer.failure)
    }
    const commit = answer.success
    if (copy?.commit === commit) return copy
    const entries = yield* ask(settings, (signal) =>
      hubEntries(settings, repository, commit, signal)
    )
    yield* writeWhole(manifest(commit), JSON.stringify(entries))
    yield* writeWhole(ref, commit)
    return { commit, entries }
  })

  const fetched = Effect.gen(function* () {
    const { commit, entries } = yield* locate
    const chosen = chooseFiles(
      entries.map((entry) => entry.path),
      { config, file, split }
    )
    if (typeof chosen === "string") return yield* refuse(chosen)
    const targets: Array<string> = []
    for (const entry of entries.filter((candidate) => chosen.includes(candidate.path))) {
      const parts = entry.path.split("/")
      const target = join(root, commit, ...parts)
      targets.push(target)
      if ((yield* sizeOf(target)) === entry.size) continue
      if (settings.offline) {
        yield* refuse(
          `${entry.path} is not in ${settings.cache} and nothing may be downloaded (HF_HUB_OFFLINE); take that setting away once`
        )
      }
      const inUrl = parts.map(encodeURIComponent).join("/")
      const url = `${settings.endpoint}/datasets/${repository}/resolve/${commit}/${inUrl}`
      yield* ask(settings, (signal) => downloadFile(settings, url, entry, target, signal))
    }
    return targets.toSorted()
  }).pipe(
    Effect.mapError((error) =>
      error instanceof HubFault
        ? new TaskSourceError({ reason: explain(error, repository, settings, revision) })
        : error
    )
  )

  const tasks: Array<Task> = []
  for (const target of yield* fetched) {
    if (tasks.length >= limit) break
    const left = limit === Infinity ? {} : { limit: limit - tasks.length }
    const read = yield* readTasks({
      path: target,
      ...left,
      ...(format !== undefined && { format }),
      ...(mapping !== undefined && { mapping })
    })
    for (const task of read) tasks.push(task)
  }
  return tasks
})
