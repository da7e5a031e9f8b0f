/** One file of a hub onto the disk: resumed, checked, and in its place only when it is whole. */
import { createHash, type Hash, randomUUID } from "node:crypto"
import { createReadStream } from "node:fs"
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises"
import { hostname } from "node:os"
import { basename, dirname, join } from "node:path"

import { type HubConnection, hubRequest } from "./HubConnection.ts"
import { HubFault } from "./HubFault.ts"

export interface RemoteFile {
  readonly url: string
  readonly path: string
  readonly size: number
  /** Of the content, in hexadecimal, where the hub says it. */
  readonly sha256: string | undefined
}

/** A file that is on its way; `bytes` of it lie in `path`, and `hash` has seen them. */
export interface Part {
  readonly path: string
  bytes: number
  hash: Hash
}

const host = hostname().replace(/[^A-Za-z0-9-]/g, "")
// parts that this process is writing: another fiber must not take them up
const ours = new Set<string>()

const isRunning = (pid: number): boolean => {
  if (pid === process.pid) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    // it runs, but under another user
    return cause instanceof Error && "code" in cause && cause.code === "EPERM"
  }
}

// of two processes that rename the same file one fails
const takeFirst = async (from: ReadonlyArray<string>, to: string): Promise<boolean> => {
  const [first, ...others] = from
  if (first === undefined) return false
  const taken = await rename(first, to).then(
    () => true,
    () => false
  )
  return taken || takeFirst(others, to)
}

/** A part of its own for this download: what an interrupted one left, or an empty one. */
export const takePart = async (target: string): Promise<Part> => {
  const directory = dirname(target)
  await mkdir(directory, { recursive: true })
  const mine = `${basename(target)}.${host}.`
  // a container may give its only process the same number again and again
  const path = join(directory, `${mine}${process.pid}.${randomUUID()}.part`)
  ours.add(path)
  const left = (await readdir(directory))
    .filter((name) => name.startsWith(mine) && name.endsWith(".part"))
    .filter((name) => !isRunning(Number(name.slice(mine.length).split(".")[0])))
    .map((name) => join(directory, name))
    .filter((part) => !ours.has(part))
  const part: Part = { path, bytes: 0, hash: createHash("sha256") }
  if (!(await takeFirst(left, path))) return part
  for await (const chunk of createReadStream(path)) {
    part.hash.update(chunk)
    part.bytes += chunk.length
  }
  return part
}

/** Leaves the part to a later download. */
export const leavePart = (part: Part): void => {
  ours.delete(part.path)
}

const discard = async (part: Part): Promise<void> => {
  await rm(part.path, { force: true })
  part.bytes = 0
  part.hash = createHash("sha256")
}

/**
 * Adds what is missing. Fails with a `HubFault`; what has come until then is kept, unless it is known
 * to be wrong.
 */
export const continuePart = async (
  connection: HubConnection,
  file: RemoteFile,
  part: Part,
  onBytes: (count: number) => void,
  signal: AbortSignal
): Promise<void> => {
  try {
    const handle = await open(part.path, "a")
    try {
      if (part.bytes < file.size) await append(connection, file, part, handle, onBytes, signal)
      await handle.sync()
    } finally {
      await handle.close()
    }
    const found = part.hash.copy().digest("hex")
    if (part.bytes !== file.size) {
      throw new HubFault("content", `it has ${part.bytes} bytes, not ${file.size}`)
    }
    if (file.sha256 !== undefined && found !== file.sha256) {
      throw new HubFault("content", `its bytes have the sha256 ${found}, not ${file.sha256}`)
    }
  } catch (cause) {
    if (cause instanceof HubFault && cause.kind === "content") {
      onBytes(-part.bytes)
      await discard(part)
    }
    throw cause
  }
}

const append = async (
  connection: HubConnection,
  file: RemoteFile,
  part: Part,
  handle: Awaited<ReturnType<typeof open>>,
  onBytes: (count: number) => void,
  signal: AbortSignal
): Promise<void> => {
  // a compressed answer has other offsets
  const headers = new Headers({ "Accept-Encoding": "identity" })
  if (part.bytes > 0) headers.set("Range", `bytes=${part.bytes}-`)
  const { alive, done, response } = await hubRequest(connection, file.url, headers, signal)
  try {
    if (part.bytes > 0) {
      const range = response.headers.get("Content-Range") ?? ""
      if (response.status !== 206 || !range.startsWith(`bytes ${part.bytes}-`)) {
        // it sends the whole file again
        await handle.truncate(0)
        onBytes(-part.bytes)
        part.bytes = 0
        part.hash = createHash("sha256")
        if (response.status === 206) throw new HubFault("network", `it answered with ${range}`)
      }
    }
    for await (const chunk of response.body ?? []) {
      alive()
      if (part.bytes + chunk.length > file.size) {
        throw new HubFault("content", `more than its ${file.size} bytes came`)
      }
      await handle.appendFile(chunk)
      part.hash.update(chunk)
      part.bytes += chunk.length
      onBytes(chunk.length)
    }
  } finally {
    done()
  }
  if (part.bytes < file.size) {
    throw new HubFault("network", `the connection ended at byte ${part.bytes} of ${file.size}`)
  }
}

/** Puts a whole part into its place. */
export const placePart = async (part: Part, target: string, size: number): Promise<void> => {
  try {
    await rename(part.path, target)
  } catch (cause) {
    // another process may have put the same bytes there and hold them open
    const there = await stat(target).then(
      (found) => found.size === size,
      () => false
    )
    if (!there) throw cause
    await rm(part.path, { force: true })
  }
  ours.delete(part.path)
}
