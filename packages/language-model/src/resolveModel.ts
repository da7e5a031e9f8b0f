/** A model's name → a folder or file on this machine, downloaded where it has to be. */
import { randomUUID } from "node:crypto"
import { mkdir, readFile, rename, stat, writeFile } from "node:fs/promises"
import { homedir } from "node:os"
import { dirname, join, posix } from "node:path"

import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"

import { companionFiles } from "./Checkpoint.ts"
import { HubError } from "./HubError.ts"
import {
  continuePart,
  leavePart,
  placePart,
  type RemoteFile,
  takePart
} from "./internal/downloadFile.ts"
import { explainFault } from "./internal/explainFault.ts"
import type { HubConnection } from "./internal/HubConnection.ts"
import { HubFault, hubFault } from "./internal/HubFault.ts"
import { type HubEntry, hubCommit, hubEntries } from "./internal/hubListing.ts"
import { type HubName, parseHubName } from "./internal/HubName.ts"
import { isGguf } from "./internal/isGguf.ts"

/**
 * - `bytesDone` of `bytesTotal` lie on the disk; those of an earlier download count.
 * - `bytesFetched` came in `millis` of this download: the two give the rate.
 */
export interface DownloadProgress {
  readonly model: string
  readonly file: string
  readonly bytesDone: number
  readonly bytesTotal: number
  readonly bytesFetched: number
  readonly millis: number
}

/**
 * What is left out comes from the environment (Effect's `Config`):
 *
 * - `cache`: the folder that keeps downloads; `SML_CACHE`, else `~/.cache/sml/hub`.
 * - `endpoint`: the hub; `HF_ENDPOINT`, else `https://huggingface.co`.
 * - `token`: `HF_TOKEN`; sent to the endpoint only.
 * - `offline`: nothing is asked for; `HF_HUB_OFFLINE`.
 * - `onProgress`: called at most ten times a second, and at the end of every file.
 * - `stallMillis`: a request is given up after so long without a byte; 30 000.
 * - `attempts`: how often a file is asked for without a byte more, before it is given up; 5.
 * - `pauseMillis`: before the second attempt, twice as long before the third, and so on; 500.
 */
export interface ResolveModelOptions {
  readonly cache?: string
  readonly endpoint?: string
  readonly token?: string
  readonly offline?: boolean
  readonly onProgress?: (progress: DownloadProgress) => void
  readonly stallMillis?: number
  readonly attempts?: number
  readonly pauseMillis?: number
}

interface Settings extends HubConnection {
  readonly cache: string
  readonly offline: boolean
  readonly attempts: number
  readonly pauseMillis: number
  readonly onProgress: (progress: DownloadProgress) => void
}

const variable = (name: string) =>
  Effect.map(Effect.orDie(Config.option(Config.String(name))), (found) =>
    Option.getOrUndefined(Option.filter(found, (text) => text !== ""))
  )

const settingsOf = Effect.fnUntraced(function* (options: ResolveModelOptions) {
  const offline = yield* variable("HF_HUB_OFFLINE")
  const endpoint = options.endpoint ?? (yield* variable("HF_ENDPOINT")) ?? "https://huggingface.co"
  const settings: Settings = {
    cache:
      options.cache ?? (yield* variable("SML_CACHE")) ?? join(homedir(), ".cache", "sml", "hub"),
    endpoint: endpoint.replace(/\/+$/, ""),
    token: options.token ?? (yield* variable("HF_TOKEN")),
    offline: options.offline ?? /^(1|true|yes|on)$/i.test(offline ?? ""),
    attempts: options.attempts ?? 5,
    pauseMillis: options.pauseMillis ?? 500,
    stallMillis: options.stallMillis ?? 30_000,
    onProgress: options.onProgress ?? (() => {})
  }
  return settings
})

const sizeOf = (path: string) =>
  Effect.promise(() =>
    stat(path).then(
      (found) => found.size,
      () => undefined
    )
  )

const onDisk = <A>(run: () => Promise<A>) => Effect.tryPromise({ try: run, catch: hubFault })

// written beside its place, so that nobody reads half of it
const writeWhole = (path: string, text: string) =>
  onDisk(async () => {
    await mkdir(dirname(path), { recursive: true })
    const part = `${path}.${randomUUID()}.part`
    await writeFile(part, text)
    await rename(part, path)
  })

/** The places of one model in the cache. */
const placesOf = (cache: string, { repository, revision }: HubName) => {
  const root = join(cache, repository.replace("/", "--"))
  return {
    ref: join(root, "refs", encodeURIComponent(revision)),
    snapshot: (commit: string) => join(root, commit),
    /** Says which files make the snapshot complete. */
    manifest: (commit: string) => join(root, `${commit}.json`)
  }
}

const Manifest = Schema.fromJsonString(
  Schema.Array(Schema.Struct({ path: Schema.String, size: Schema.Int }))
)

const readText = (path: string) =>
  Effect.promise(() =>
    readFile(path, "utf8").then(
      (text) => text,
      () => undefined
    )
  )

// the path of a commit that lies in the cache as a whole
const cached = Effect.fnUntraced(function* (cache: string, name: HubName, commit: string) {
  const places = placesOf(cache, name)
  const folder = places.snapshot(commit)
  if (name.file !== undefined) {
    // a file comes into its place when it is whole
    const file = join(folder, name.file)
    return (yield* sizeOf(file)) === undefined ? undefined : file
  }
  const manifest = Schema.decodeUnknownResult(Manifest)(yield* readText(places.manifest(commit)))
  if (Result.isFailure(manifest)) return undefined
  for (const { path, size } of manifest.success) {
    if ((yield* sizeOf(join(folder, path))) !== size) return undefined
  }
  return folder
})

const isCommit = (text: string | undefined): text is string =>
  text !== undefined && /^[0-9a-f]{40,64}$/.test(text)

const download = Effect.fnUntraced(function* (
  settings: Settings,
  file: RemoteFile,
  target: string,
  onBytes: (count: number) => void
) {
  const part = yield* Effect.acquireRelease(
    onDisk(() => takePart(target)),
    (taken) => Effect.sync(() => leavePart(taken))
  )
  onBytes(part.bytes)
  let fruitless = 0
  let wrong = 0
  for (;;) {
    const before = part.bytes
    const attempt = yield* Effect.result(
      Effect.tryPromise({
        try: (signal) => continuePart(settings, file, part, onBytes, signal),
        catch: hubFault
      })
    )
    if (Result.isSuccess(attempt)) break
    const fault = attempt.failure
    // what an interrupted download left may be wrong; a whole new one is not
    const again = fault.kind === "content" && before > 0 && wrong++ === 0
    fruitless = part.bytes > before ? 0 : fruitless + 1
    if (!again && (!fault.isPassing || fruitless >= settings.attempts)) yield* Effect.fail(fault)
    yield* Effect.sleep(settings.pauseMillis * 2 ** Math.min(fruitless, 6))
  }
  yield* onDisk(() => placePart(part, target, file.size))
}, Effect.scoped)

const urlOf = ({ endpoint }: HubConnection, repository: string, commit: string, path: string) =>
  `${endpoint}/${repository}/resolve/${commit}/${path.split("/").map(encodeURIComponent).join("/")}`

const Index = Schema.fromJsonString(
  Schema.Struct({ weight_map: Schema.Record(Schema.String, Schema.String) })
)

const weights = "model.safetensors"
const index = "model.safetensors.index.json"

const refuse = (source: string, reason: string) => new HubError({ source, reason })

const fetchModel = Effect.fnUntraced(function* (
  settings: Settings,
  source: string,
  name: HubName,
  commit: string
) {
  const { file: wanted, repository } = name
  const folder = placesOf(settings.cache, name).snapshot(commit)
  const parent = wanted === undefined ? "" : posix.dirname(wanted).replace(/^\.$/, "")
  const entries = new Map(
    (yield* patiently(settings, hubEntries(settings, repository, commit, parent))).map(
      (entry) => [entry.path, entry] as const
    )
  )
  const remote = ({ lfs, path, size }: HubEntry): RemoteFile => ({
    path,
    size,
    url: urlOf(settings, repository, commit, path),
    sha256: lfs?.oid
  })
  const files: Array<RemoteFile> = []
  const take = (path: string, problem: string) => {
    const entry = entries.get(path)
    if (entry === undefined) return refuse(source, problem)
    files.push(remote(entry))
    return Effect.void
  }
  const at = `${settings.endpoint}/${repository}`
  if (wanted !== undefined) {
    yield* take(wanted, `${at} has no file ${wanted}; look there for the names of its files.`)
  } else {
    const gguf = [...entries.keys()].find(isGguf)
    const otherwise =
      gguf === undefined
        ? "choose a model that is kept in safetensors"
        : `name one of its GGUF files, such as ${repository}/${gguf}`
    yield* take("config.json", `${at} has no config.json; ${otherwise}.`)
    for (const path of companionFiles) {
      const entry = entries.get(path)
      if (entry !== undefined) files.push(remote(entry))
    }
    const list = entries.get(index)
    if (entries.has(weights) || list === undefined) {
      yield* take(weights, `${at} has no ${weights}; ${otherwise}.`)
    } else {
      const target = join(folder, index)
      if ((yield* sizeOf(target)) !== list.size) {
        yield* download(settings, remote(list), target, () => {})
      }
      files.push(remote(list))
      const decoded = Schema.decodeUnknownResult(Index)(yield* readText(target))
      const shards = Result.isSuccess(decoded)
        ? [...new Set(Object.values(decoded.success.weight_map))]
        : []
      if (shards.length === 0) {
        return yield* refuse(source, `${at} has an ${index} that names no files; ${otherwise}.`)
      }
      for (const shard of shards) {
        // only what the folder lists is taken, so that no name leads out of it
        yield* take(shard, `${at} has an ${index} that names ${shard}, which is not there.`)
      }
    }
  }
  const bytesTotal = files.reduce((sum, { size }) => sum + size, 0)
  const begin = performance.now()
  let bytesDone = 0
  let bytesFetched = 0
  let shown = -Infinity
  const show = (file: string, now: number) => {
    shown = now
    const millis = now - begin
    settings.onProgress({ model: repository, file, bytesDone, bytesTotal, bytesFetched, millis })
  }
  for (const file of files) {
    const target = join(folder, ...file.path.split("/"))
    if ((yield* sizeOf(target)) === file.size) {
      bytesDone += file.size
    } else {
      let isFirst = true
      yield* download(settings, file, target, (count) => {
        bytesDone += count
        // the first is what an earlier download left
        if (!isFirst && count > 0) bytesFetched += count
        isFirst = false
        const now = performance.now()
        if (now - shown > 100) show(file.path, now)
      })
    }
    show(file.path, performance.now())
  }
  if (wanted !== undefined) return join(folder, ...wanted.split("/"))
  yield* writeWhole(
    placesOf(settings.cache, name).manifest(commit),
    JSON.stringify(files.map(({ path, size }) => ({ path, size })))
  )
  return folder
})

const patiently = <A>(
  { attempts, pauseMillis }: Settings,
  effect: Effect.Effect<A, HubFault>
): Effect.Effect<A, HubFault> =>
  Effect.retry(effect, {
    times: attempts - 1,
    while: (fault) => fault.isPassing,
    schedule: Schedule.exponential(pauseMillis)
  })

const resolveName = Effect.fnUntraced(function* (
  settings: Settings,
  source: string,
  name: HubName
) {
  const places = placesOf(settings.cache, name)
  const known = isCommit(name.revision) ? name.revision : (yield* readText(places.ref))?.trim()
  const kept = isCommit(known) ? yield* cached(settings.cache, name, known) : undefined
  if (kept !== undefined && (settings.offline || known === name.revision)) return kept
  if (settings.offline) {
    return yield* refuse(
      source,
      `${source} is not in ${settings.cache} as a whole and nothing may be downloaded (HF_HUB_OFFLINE); take that setting away once, or pass a folder.`
    )
  }
  const asked = hubCommit(settings, name)
  // where a copy is at hand, a hub that does not answer is not waited for
  const answer = yield* Effect.result(kept === undefined ? patiently(settings, asked) : asked)
  if (Result.isFailure(answer)) {
    if (kept !== undefined && answer.failure.isPassing) return kept
    return yield* Effect.fail(answer.failure)
  }
  const commit = answer.success
  const path =
    (yield* cached(settings.cache, name, commit)) ??
    (yield* fetchModel(settings, source, name, commit))
  yield* writeWhole(places.ref, commit)
  return path
})

/**
 * The path of a model for `readCheckpoint`, `readTokenizer` and `ChatTokenizer.layer`. A path that
 * exists is given back as it is, and so is one that is no name. `owner/name`, `owner/name@revision`
 * or `owner/name/file.gguf` is downloaded from the Hugging Face hub into a cache: `config.json`,
 * the tokenizer's files and the safetensors weights, or the one GGUF file.
 *
 * A file comes into its place when its size and, where the hub gives it, its SHA-256 are right; what
 * an interrupted download left is gone on with. Processes that download the same model at once do
 * so side by side. Without a connection a complete copy of the cache is used. Fails with a
 * `HubError`: no such model, gated, no safetensors, offline, unreachable, wrong bytes, no space.
 *
 * @example
 * ```ts no-run
 * const path = yield* resolveModel("HuggingFaceTB/SmolLM2-135M-Instruct", {
 *   onProgress: ({ bytesDone, bytesTotal }) => console.log(bytesDone / bytesTotal)
 * })
 * const checkpoint = yield* readCheckpoint(path)
 * ```
 */
export const resolveModel = Effect.fn("resolveModel")(function* (
  source: string,
  options: ResolveModelOptions = {}
) {
  if ((yield* sizeOf(source)) !== undefined) return source
  const name = parseHubName(source)
  if (name === undefined) return source
  const settings = yield* settingsOf(options)
  return yield* Effect.mapError(resolveName(settings, source, name), (error) =>
    error instanceof HubFault ? refuse(source, explainFault(error, source, name, settings)) : error
  )
})
